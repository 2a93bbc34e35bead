// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// New files appear under their names when they are complete, and leave nothing behind otherwise.

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "failing_alloc.h"
#include "folder.h"
#include "pastream/new_file.h"

// Counts what the library's calls reach before the system's own.
static int n_synced_files, n_synced_folders;

int fsync(int fd) {
    struct stat info;
    if (fstat(fd, &info) == 0)
        ++*(S_ISDIR(info.st_mode) ? &n_synced_folders : &n_synced_files);
    return 0;
}

static char folder[FOLDER_CHARS];
static char path[FOLDER_CHARS + 16];

static void begin(void) {
    folder_make(folder, "pst-new");
    snprintf(path, sizeof path, "%s/file", folder);
}

static void end(void) {
    folder_remove(folder);
}

static void put(const char *where, const char *text) {
    FILE *file = fopen(where, "w");
    if (file == NULL)
        abort();
    fputs(text, file);
    fclose(file);
}

static const char *get(const char *where) {
    static char text[64];
    FILE *file = fopen(where, "r");
    if (file == NULL)
        return "(nothing)";
    const size_t n = fread(text, 1, sizeof text - 1, file);
    text[n] = '\0';
    fclose(file);
    return text;
}

static pst_new_file *make(const char *where, bool overwrites) {
    pst_new_file *file = NULL;
    pst_error err = {0};
    CHECK_TEXT(pst_new_file_create(&file, where, overwrites, &err) == PST_OK, "%s", err.text);
    return file;
}

static void fill(const pst_new_file *file, const char *text) {
    const int fd = pst_new_file_fd(file);
    CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
}

static void refused(const char *where, bool overwrites, int code) {
    pst_new_file *file = NULL;
    pst_error err = {0};
    CHECK_EQ(pst_new_file_create(&file, where, overwrites, &err), PST_SYSTEM_ERROR);
    CHECK_EQ(err.native_code, code);
    CHECK(file == NULL);
}

static void test_a_file_appears_when_it_is_complete(void) {
    begin();
    for (int replaces = 0; replaces < 2; ++replaces) {
        pst_new_file *file = make(path, replaces == 1);
        fill(file, replaces ? "second" : "first");
        CHECK_STR(get(path), replaces ? "first" : "(nothing)");
        CHECK_EQ(pst_new_file_complete(file, replaces == 0, NULL), PST_OK);
        CHECK_STR(get(path), replaces ? "second" : "first");
        CHECK_EQ(pst_new_file_complete(file, false, NULL), PST_OK);
        char back[8] = {0};
        CHECK_EQ(pread(pst_new_file_fd(file), back, 5, 0), 5);
        pst_new_file_destroy(file);
        CHECK_EQ(folder_sweep(folder, false), 1);
    }
    pst_new_file_destroy(NULL);
    end();
}

static void test_what_is_not_completed_leaves_nothing(void) {
    begin();
    put(path, "old");
    pst_new_file *file = make(path, true);
    fill(file, "new");
    pst_new_file_destroy(file);
    CHECK_STR(get(path), "old");
    CHECK_EQ(folder_sweep(folder, false), 1);
    unlink(path);
    file = make(path, false);
    fill(file, "new");
    pst_new_file_destroy(file);
    CHECK_EQ(folder_sweep(folder, false), 0);
    end();
}

static void test_a_file_that_is_there_or_comes_is_kept(void) {
    begin();
    put(path, "old");
    refused(path, false, EEXIST);
    CHECK_STR(get(path), "old");
    unlink(path);
    pst_new_file *file = make(path, false);
    fill(file, "new");
    put(path, "meanwhile");
    pst_error err = {0};
    CHECK_EQ(pst_new_file_complete(file, false, &err), PST_SYSTEM_ERROR);
    CHECK_EQ(err.native_code, EEXIST);
    CHECK_STR(get(path), "meanwhile");
    // It can be tried again.
    unlink(path);
    CHECK_EQ(pst_new_file_complete(file, false, NULL), PST_OK);
    CHECK_STR(get(path), "new");
    pst_new_file_destroy(file);
    // One that may be overwritten, and comes meanwhile.
    unlink(path);
    file = make(path, true);
    fill(file, "newer");
    put(path, "meanwhile");
    CHECK_EQ(pst_new_file_complete(file, false, NULL), PST_OK);
    CHECK_STR(get(path), "newer");
    pst_new_file_destroy(file);
    CHECK_EQ(folder_sweep(folder, false), 1);
    end();
}

static void test_links_stay_links(void) {
    begin();
    char link[FOLDER_CHARS + 16], second[FOLDER_CHARS + 16];
    char target[FOLDER_CHARS + 16], loop[FOLDER_CHARS + 16];
    snprintf(link, sizeof link, "%s/link", folder);
    snprintf(second, sizeof second, "%s/second", folder);
    snprintf(target, sizeof target, "%s/target", folder);
    snprintf(loop, sizeof loop, "%s/loop", folder);
    put(target, "old");
    CHECK_EQ(symlink("target", second), 0);
    CHECK_EQ(symlink(second, link), 0); // One is relative, one is not.
    refused(link, false, EEXIST);
    pst_new_file *file = make(link, true);
    fill(file, "new");
    CHECK_EQ(pst_new_file_complete(file, false, NULL), PST_OK);
    pst_new_file_destroy(file);
    struct stat info;
    CHECK(lstat(link, &info) == 0 && S_ISLNK(info.st_mode));
    CHECK(lstat(second, &info) == 0 && S_ISLNK(info.st_mode));
    CHECK(lstat(target, &info) == 0 && S_ISREG(info.st_mode));
    CHECK_STR(get(target), "new");
    // What a link points to need not be there.
    unlink(target);
    file = make(link, false);
    fill(file, "first");
    CHECK_EQ(pst_new_file_complete(file, false, NULL), PST_OK);
    pst_new_file_destroy(file);
    CHECK_STR(get(target), "first");
    CHECK_EQ(symlink("loop", loop), 0);
    refused(loop, true, ELOOP);
    CHECK_EQ(folder_sweep(folder, false), 4);
    end();
}

static void test_permissions(void) {
    begin();
    put(path, "old");
    chmod(path, 0604);
    const mode_t mask = umask(027);
    pst_new_file *file = make(path, true);
    CHECK_EQ(pst_new_file_complete(file, false, NULL), PST_OK);
    pst_new_file_destroy(file);
    struct stat info;
    CHECK_EQ(stat(path, &info), 0);
    CHECK_EQ(info.st_mode & 07777, 0604);
    unlink(path);
    file = make(path, true);
    CHECK_EQ(pst_new_file_complete(file, false, NULL), PST_OK);
    pst_new_file_destroy(file);
    CHECK_EQ(stat(path, &info), 0);
    CHECK_EQ(info.st_mode & 07777, 0666 & ~027);
    umask(mask);
    end();
}

static void test_what_is_to_be_on_the_disk(void) {
    begin();
    for (int syncs = 0; syncs < 2; ++syncs)
        for (int replaces = 0; replaces < 2; ++replaces) {
            n_synced_files = n_synced_folders = 0;
            pst_new_file *file = make(path, replaces == 1);
            fill(file, "text");
            CHECK_EQ(pst_new_file_complete(file, syncs == 1, NULL), PST_OK);
            pst_new_file_destroy(file);
            CHECK_EQ(n_synced_files, syncs || replaces);
            CHECK_EQ(n_synced_folders, syncs);
            if (replaces)
                unlink(path);
        }
    end();
}

static void test_names_that_cannot_be(void) {
    begin();
    char name[FOLDER_CHARS + 320];
    refused(folder, true, EISDIR);
    refused(folder, false, EISDIR);
    refused("", true, ENOENT);
    snprintf(name, sizeof name, "%s/", folder);
    refused(name, true, EISDIR);
    snprintf(name, sizeof name, "%s/none/file", folder);
    refused(name, true, ENOENT);
    put(path, "old");
    snprintf(name, sizeof name, "%s/more", path);
    refused(name, true, ENOTDIR);
    snprintf(name, sizeof name, "%s/%0300d", folder, 1);
    refused(name, true, ENAMETOOLONG);
    if (geteuid() != 0) {
        chmod(path, 0400);
        refused(path, true, EACCES);
        chmod(path, 0600);
        chmod(folder, 0500);
        refused(path, true, EACCES);
        chmod(folder, 0700);
    }
    CHECK_EQ(folder_sweep(folder, false), 1);
    end();
}

// It stays in its folder whatever the working folder is by then, and the folder's name.
static void test_the_folder_is_the_one_of_the_beginning(void) {
    begin();
    char before[256], moved[FOLDER_CHARS + 16];
    if (getcwd(before, sizeof before) == NULL || chdir(folder) != 0)
        abort();
    pst_new_file *file = make("file", false);
    fill(file, "text");
    if (chdir("/") != 0)
        abort();
    snprintf(moved, sizeof moved, "%s-moved", folder);
    CHECK_EQ(rename(folder, moved), 0);
    CHECK_EQ(pst_new_file_complete(file, false, NULL), PST_OK);
    pst_new_file_destroy(file);
    CHECK_EQ(rename(moved, folder), 0);
    CHECK_STR(get(path), "text");
    // A folder that has gone.
    file = make(path, true);
    fill(file, "text");
    folder_sweep(folder, true);
    CHECK_EQ(rmdir(folder), 0);
    pst_error err = {0};
    CHECK_EQ(pst_new_file_complete(file, false, &err), PST_SYSTEM_ERROR);
    CHECK_EQ(err.native_code, ENOENT);
    pst_new_file_destroy(file);
    if (chdir(before) != 0)
        abort();
}

static void test_pipes_and_devices_are_written_as_they_are(void) {
    begin();
    pst_new_file *file = make("/dev/null", false);
    fill(file, "nothing");
    CHECK_EQ(pst_new_file_complete(file, true, NULL), PST_OK);
    pst_new_file_destroy(file);
    struct stat info;
    CHECK(stat("/dev/null", &info) == 0 && S_ISCHR(info.st_mode));
    CHECK_EQ(mkfifo(path, 0600), 0);
    const int reader = open(path, O_RDONLY | O_NONBLOCK);
    file = make(path, true);
    fill(file, "through");
    char back[16] = {0};
    CHECK_EQ(read(reader, back, sizeof back - 1), 7);
    CHECK_STR(back, "through");
    pst_new_file_destroy(file);
    close(reader);
    CHECK(stat(path, &info) == 0 && S_ISFIFO(info.st_mode));
    end();
}

static void test_a_child_takes_nothing(void) {
    begin();
    pst_new_file *file = make(path, false);
    fill(file, "text");
    const pid_t child = fork();
    if (child == 0) {
        const bool is_refused = pst_new_file_complete(file, false, NULL) == PST_FORKED;
        pst_new_file_destroy(file);
        _exit(is_refused ? 0 : 1);
    }
    int status = -1;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    CHECK_STR(get(path), "(nothing)");
    CHECK_EQ(pst_new_file_complete(file, false, NULL), PST_OK);
    CHECK_STR(get(path), "text");
    pst_new_file_destroy(file);
    end();
}

static void test_a_killed_process_leaves_nothing(void) {
#if !defined(O_TMPFILE) || defined(PST_NEW_FILE_NAMED)
    check_skip("files need a name here");
    return;
#endif
    begin();
    put(path, "old");
    const pid_t child = fork();
    if (child == 0) {
        pst_new_file *file = NULL;
        if (pst_new_file_create(&file, path, true, NULL) == PST_OK &&
            write(pst_new_file_fd(file), "new", 3) == 3)
            raise(SIGKILL);
        _exit(1);
    }
    int status = 0;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    CHECK_STR(get(path), "old");
    CHECK_EQ(folder_sweep(folder, false), 1);
    end();
}

static void test_failing_allocations_leave_nothing(void) {
    if (!failing_alloc_works()) {
        check_skip("allocations cannot fail in this build");
        return;
    }
    begin();
    const int n_before = failing_alloc_count_fds();
    for (long n = 1;; ++n) {
        pst_new_file *file = NULL;
        failing_alloc_begin(n);
        const pst_status status = pst_new_file_create(&file, path, true, NULL);
        pst_new_file_destroy(file);
        if (failing_alloc_end() < n)
            break;
        CHECK_EQ(status, PST_NO_MEMORY);
        CHECK_EQ(failing_alloc_live(), 0);
        CHECK_EQ(failing_alloc_count_fds(), n_before);
    }
    CHECK_EQ(folder_sweep(folder, false), 0);
    end();
}

int main(void) {
    RUN(test_a_file_appears_when_it_is_complete);
    RUN(test_what_is_not_completed_leaves_nothing);
    RUN(test_a_file_that_is_there_or_comes_is_kept);
    RUN(test_links_stay_links);
    RUN(test_permissions);
    RUN(test_what_is_to_be_on_the_disk);
    RUN(test_names_that_cannot_be);
    RUN(test_the_folder_is_the_one_of_the_beginning);
    RUN(test_pipes_and_devices_are_written_as_they_are);
    RUN(test_a_child_takes_nothing);
    RUN(test_a_killed_process_leaves_nothing);
    RUN(test_failing_allocations_leave_nothing);
    return check_done();
}
