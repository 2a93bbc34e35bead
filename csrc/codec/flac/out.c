// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/flac/out.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/metadata/vorbis_comment.h"
#include "pastream/packet.h"

enum {
    OGG_MAGIC_BYTES = 9, // What stands before "fLaC" in the first packet.
    BLOCK_HEADER_BYTES = 4,
    INFO_AT = 8, // Behind "fLaC" and the header of the block.
    FIRST_BYTES = INFO_AT + PST_FLAC_STREAMINFO_BYTES
};

// Fills in "fLaC" and the STREAMINFO.
static void put_first(uint8_t *to, const pst_flac_info *info) {
    memcpy(to, "fLaC\x00\x00\x00\x22", INFO_AT);
    pst_flac_put_info(to + INFO_AT, info);
}

// Returns the last block of the head, of comments.
static uint8_t *make_comments(const pst_tags *tags, const char *program, size_t *n_bytes) {
    size_t n = 0;
    uint8_t *comments = pst_make_vorbis_comments(tags, program, &n);
    uint8_t *block = comments == NULL ? NULL : pst_alloc(BLOCK_HEADER_BYTES + n);
    if (block != NULL) {
        block[0] = 0x84;
        block[1] = (uint8_t)(n >> 16);
        block[2] = (uint8_t)(n >> 8);
        block[3] = (uint8_t)n;
        memcpy(block + BLOCK_HEADER_BYTES, comments, n);
        *n_bytes = BLOCK_HEADER_BYTES + n;
    }
    pst_free(comments);
    return block;
}

static bool write_all(pst_io *io, const void *bytes, size_t n_bytes) {
    return pst_io_write(io, bytes, (int64_t)n_bytes) == (int64_t)n_bytes;
}

// ---- In an Ogg file --------------------------------------------------------------------------

#ifdef PST_HAS_OGG_FLAC
static void put_ogg_first(uint8_t *to, const pst_flac_info *info) {
    // The version of the mapping, and how many packets of the head follow.
    memcpy(to,
           "\x7F"
           "FLAC\x01\x00\x00\x01",
           OGG_MAGIC_BYTES);
    put_first(to + OGG_MAGIC_BYTES, info);
}

static pst_status begin_ogg(pst_flac_out *out, const pst_flac_info *info, uint8_t *comments,
                            size_t n_comments, pst_error *err) {
    uint8_t first[OGG_MAGIC_BYTES + FIRST_BYTES];
    put_ogg_first(first, info);
    ogg_packet packets[] = {
        {.packet = first, .bytes = sizeof first, .b_o_s = 1},
        {.packet = comments, .bytes = (long)n_comments, .packetno = 1},
    };
    pst_status status = pst_ogg_writer_init(&out->ogg, out->io, info->rate_hz, 1, err);
    if (status != PST_OK)
        return status;
    status = pst_ogg_write_headers(&out->ogg, packets, 2, err);
    if (status != PST_OK)
        pst_ogg_writer_deinit(&out->ogg);
    return status;
}

static bool write_ogg_frame(pst_flac_out *out, const void *bytes, size_t n_bytes, int64_t granule,
                            bool is_last) {
    ogg_packet packet = {
        .packet = (unsigned char *)bytes,
        .bytes = (long)n_bytes,
        .granulepos = granule,
        .e_o_s = is_last,
    };
    return pst_ogg_write_packet(&out->ogg, &packet, NULL) == PST_OK &&
           pst_ogg_flush(&out->ogg, NULL) == PST_OK;
}

// Writes the first page again, which has got another checksum.
static void write_ogg_info(pst_flac_out *out, const pst_flac_info *info) {
    uint8_t first[OGG_MAGIC_BYTES + FIRST_BYTES];
    put_ogg_first(first, info);
    ogg_packet packet = {.packet = first, .bytes = sizeof first, .b_o_s = 1};
    ogg_stream_state stream;
    ogg_page page;
    if (ogg_stream_init(&stream, (int)out->ogg.stream.serialno) != 0)
        return;
    if (ogg_stream_packetin(&stream, &packet) == 0 && ogg_stream_flush(&stream, &page) != 0 &&
        pst_io_seek(out->io, 0) == 0 && write_all(out->io, page.header, (size_t)page.header_len))
        write_all(out->io, page.body, (size_t)page.body_len);
    ogg_stream_clear(&stream);
}
#endif

// ---- All -------------------------------------------------------------------------------------

pst_status pst_flac_out_init(pst_flac_out *out, pst_io *io, pst_container container,
                             const pst_flac_info *info, const pst_tags *tags, const char *program,
                             pst_error *err) {
    *out = (pst_flac_out){.io = io, .is_ogg = container == PST_CONTAINER_OGG};
    size_t n_comments = 0;
    uint8_t *comments = make_comments(tags, program, &n_comments);
    if (comments == NULL)
        return pst_fail_memory(err);
    pst_status status = PST_OK;
#ifdef PST_HAS_OGG_FLAC
    if (out->is_ogg)
        status = begin_ogg(out, info, comments, n_comments, err);
#endif
    if (!out->is_ogg) {
        uint8_t first[FIRST_BYTES];
        put_first(first, info);
        if (!write_all(io, first, sizeof first) || !write_all(io, comments, n_comments) ||
            pst_io_write_packet(io, NULL, 0, 0, PST_PACKET_HEADER) < 0)
            status = pst_io_fail(io, err);
    }
    pst_free(comments);
    out->end_byte = pst_io_tell(io);
    return status;
}

void pst_flac_out_deinit(pst_flac_out *out) {
#ifdef PST_HAS_OGG_FLAC
    if (out->is_ogg)
        pst_ogg_writer_deinit(&out->ogg);
#endif
    (void)out;
}

bool pst_flac_out_frame(pst_flac_out *out, const void *bytes, size_t n_bytes, uint32_t n_frames,
                        bool is_last) {
    (void)is_last;
#ifdef PST_HAS_OGG_FLAC
    if (out->is_ogg && !write_ogg_frame(out, bytes, n_bytes, out->n_frames + n_frames, is_last))
        return false;
#endif
    if (!out->is_ogg &&
        pst_io_write_packet(out->io, bytes, (int64_t)n_bytes, n_frames, 0) < (int64_t)n_bytes)
        return false;
    if (!out->is_ogg) // Ogg counts its own.
        pst_io_note_packet(out->io);
    out->n_frames += n_frames;
    out->end_byte = pst_io_tell(out->io);
    return true;
}

void pst_flac_out_info(pst_flac_out *out, const pst_flac_info *info) {
#ifdef PST_HAS_OGG_FLAC
    if (out->is_ogg)
        write_ogg_info(out, info);
#endif
    if (!out->is_ogg) {
        uint8_t bytes[PST_FLAC_STREAMINFO_BYTES];
        pst_flac_put_info(bytes, info);
        if (pst_io_seek(out->io, INFO_AT) == INFO_AT)
            write_all(out->io, bytes, sizeof bytes);
    }
    pst_io_seek(out->io, out->end_byte);
}

void pst_flac_out_cut(pst_flac_out *out) {
    if (pst_io_is_seekable(out->io))
        pst_io_truncate(out->io, out->end_byte);
}
