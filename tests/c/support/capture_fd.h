// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_CAPTURE_FD_H
#define PST_TESTS_CAPTURE_FD_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"

// Catches what is written to file descriptor 2, by whatever way.
typedef struct fd_capture {
    FILE *file;
    int saved_fd;
    char text[65536];
} fd_capture;

CHECK_UNUSED static fd_capture *capture_begin(void) {
    fd_capture *capture = calloc(1, sizeof *capture);
    capture->file = tmpfile();
    capture->saved_fd = dup(STDERR_FILENO);
    CHECK(dup2(fileno(capture->file), STDERR_FILENO) == STDERR_FILENO);
    return capture;
}

// Ends it. Returns the text, which lives until capture_free.
CHECK_UNUSED static const char *capture_end(fd_capture *capture) {
    CHECK(dup2(capture->saved_fd, STDERR_FILENO) == STDERR_FILENO);
    close(capture->saved_fd);
    rewind(capture->file);
    const size_t n = fread(capture->text, 1, sizeof capture->text - 1, capture->file);
    capture->text[n] = '\0';
    fclose(capture->file);
    return capture->text;
}

CHECK_UNUSED static void capture_free(fd_capture *capture) {
    free(capture);
}

#endif
