// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "pastream/base.h"

const char *pst_strerror(pst_status status) PST_RT {
    switch (status) {
    case PST_END:
        return "Nothing more will come";
    case PST_OK:
        return "Success";
    case PST_NO_MEMORY:
        return "Out of memory";
    case PST_BAD_ARGUMENT:
        return "An argument is outside its range";
    case PST_BAD_STATE:
        return "The object is not in a state that allows this";
    case PST_CLOSED:
        return "The object was closed";
    case PST_TIMEOUT:
        return "The time ran out";
    case PST_NO_DEVICE:
        return "There is no such device";
    case PST_DEVICE_BUSY:
        return "Another program holds the device";
    case PST_DEVICE_LOST:
        return "The device or its server went away";
    case PST_UNSUPPORTED:
        return "The device cannot do this";
    case PST_OVERFLOW:
        return "The ring was full";
    case PST_UNDERFLOW:
        return "The ring was empty";
    case PST_HOST_ERROR:
        return "The host audio system failed";
    case PST_SYSTEM_ERROR:
        return "A system call failed";
    case PST_FORKED:
        return "The process was forked after the object was made";
    case PST_LIMIT:
        return "A fixed limit of the library was reached";
    case PST_BAD_FILE:
        return "The file is not a sound file of a known kind, or is damaged";
    }
    return "Unknown status";
}

const char *pst_version(void) PST_RT {
    return PST_VERSION;
}
