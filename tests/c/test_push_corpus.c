// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Files of the real world by push: the same as from a pipe, whatever the slices, and whatever is
// wrong with them.

#include <dirent.h>
#include <stdlib.h>

#include "push_rig.h"

enum { MOST_BYTES = 24000, N_TEXT = 512 };

// Reads a file that is not too large. Returns how many bytes; 0 if there are none for this test.
static size_t load(const char *path, uint8_t *bytes) {
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return 0;
    const size_t n = fread(bytes, 1, MOST_BYTES + 1, file);
    fclose(file);
    return n <= MOST_BYTES ? n : 0;
}

static void check_file(const char *path) {
    static uint8_t bytes[MOST_BYTES + 1];
    const size_t n = load(path, bytes);
    if (n == 0)
        return;
    pst_push_decoder *decoder = push_decoder(NULL);
    const push_result whole = push_push(decoder, bytes, n, 0, 0);
    const pst_format native = whole.info.is_known ? whole.info.native : PST_FORMAT_F32;
    const push_result pulled = push_pull(bytes, n, NULL, native);
    // What ends before it can be told is an error of files only.
    if (pulled.status == PST_OK || whole.status != PST_OK || whole.info.is_known)
        push_compare(&pulled, &whole, path);
    CHECK_EQ(pst_push_decoder_reset(decoder, NULL), PST_OK);
    const push_result slices = push_push(decoder, bytes, n, -300, n);
    push_compare(&whole, &slices, path);
    pst_push_decoder_destroy(decoder);
}

static int check_folder(const char *folder) {
    DIR *files = opendir(folder);
    int n = 0;
    for (const struct dirent *entry; files != NULL && (entry = readdir(files)) != NULL;) {
        char path[N_TEXT];
        if (entry->d_name[0] != '.' &&
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) < N_TEXT) {
            check_file(path);
            ++n;
        }
    }
    if (files != NULL)
        closedir(files);
    return n;
}

static void test_files_of_the_corpus(void) {
    static const char *const folders[] = {"aac", "aiff", "au",  "flac", "hostile",
                                          "mp3", "mpeg", "ogg", "opus", "wav"};
    int n = 0;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; ++i) {
        char folder[N_TEXT];
        snprintf(folder, sizeof folder, "%s/%s", PST_TEST_CORPUS, folders[i]);
        n += check_folder(folder);
    }
    if (n == 0)
        check_skip("the corpus is not there");
}

int main(void) {
    RUN(test_files_of_the_corpus);
    return check_done();
}
