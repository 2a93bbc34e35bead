// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Brings whatever bytes libFuzzer makes to a push decoder, as packets without a container and gaps
// between them; see packets.h for how they are told apart. PST_FUZZ_KIND names the codec.

#include "packets.h"

#include <stdlib.h>

#include "kinds.h"
#include "pastream/push.h"

enum { MOST_FRAMES = 1 << 18, ROOM = 1 << 16 };

static void demand(bool holds, const char *what) {
    if (holds)
        return;
    fprintf(stderr, "broken promise: %s\n", what);
    abort();
}
#define DEMAND(condition) demand(condition, #condition)

// Reads all that is there. Returns how many frames.
static int64_t read_all(pst_push_decoder *decoder) {
    static float room[ROOM];
    pst_push_decoder_info info;
    pst_push_decoder_get_info(decoder, &info);
    const uint64_t n_most = info.is_known ? ROOM / info.format.n_channels : ROOM;
    int64_t n_all = 0;
    uint64_t n = 0;
    do {
        int64_t pts;
        DEMAND(pst_push_decoder_read(decoder, room, PST_FORMAT_F32, (n_all & 1) != 0, n_most, &n,
                                     &pts, NULL) >= PST_OK);
        DEMAND(n <= n_most);
        n_all += (int64_t)n;
    } while (n > 0);
    pst_push_decoder_get_info(decoder, &info);
    DEMAND(info.n_available == 0);
    DEMAND(info.damage.lost_frames >= 0 && info.damage.first_frame >= -1);
    return n_all;
}

// Does what a record says. Returns how many frames came of it.
static int64_t do_record(pst_push_decoder *decoder, const packet_record *record) {
    pst_push_decoder_info before;
    pst_push_decoder_get_info(decoder, &before);
    pst_error err = {0};
    pst_status status = PST_OK;
    const pst_packet packet = {.data = record->data,
                               .n_bytes = record->n_bytes,
                               .pts = record->number,
                               .dts = record->number,
                               .duration = record->number % 5 == 0 ? -1 : record->number,
                               .time_base_num = 1,
                               .time_base_den = record->number % 3 == 0 ? 1000 : 48000};
    switch (record->kind) {
    case PACKET_PLAIN:
        status = pst_push_decoder_write(decoder, record->data, record->n_bytes, &err);
        break;
    case PACKET_TIMED:
        status = pst_push_decoder_write_packet(decoder, &packet, &err);
        break;
    case PACKET_LOST:
    case PACKET_RESTORED:
        status = pst_push_decoder_conceal(
            decoder, record->number, record->kind == PACKET_RESTORED ? record->data : NULL,
            record->kind == PACKET_RESTORED ? record->n_bytes : 0, &err);
        break;
    case PACKET_RESET:
        DEMAND(pst_push_decoder_reset(decoder, NULL) == PST_OK);
        return 0;
    }
    DEMAND(status == PST_OK || (err.status == status && err.text[0] != '\0'));
    DEMAND(status != PST_CLOSED);
    const int64_t n = read_all(decoder);
    // What is skipped at the start may be part of it.
    if (status == PST_OK && record->kind >= PACKET_LOST && record->number > 0 && before.is_known &&
        before.position > 0)
        DEMAND(n == record->number);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    const fuzz_kind *kind = find_kind(PST_FUZZ_KIND);
    pst_push_decoder_config config;
    pst_push_decoder_config_default(&config);
    config.container = kind->container;
    config.encoding = kind->encoding;
    size_t at = packet_extradata(data, n_bytes, &config.extradata, &config.n_extradata);
    pst_push_decoder *decoder = NULL;
    pst_error err = {0};
    if (pst_push_decoder_create(&decoder, &config, &err) != PST_OK) {
        DEMAND(decoder == NULL && err.text[0] != '\0');
        return -1;
    }
    int64_t n_frames = 0;
    packet_record record;
    while (n_frames < MOST_FRAMES && packet_next(data, n_bytes, &at, &record))
        n_frames += do_record(decoder, &record);
    DEMAND(pst_push_decoder_end(decoder, NULL) == PST_OK);
    DEMAND(pst_push_decoder_write(decoder, data, 0, NULL) == PST_CLOSED);
    pst_push_decoder_destroy(decoder);
    return 0;
}
