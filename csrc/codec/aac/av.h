// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_AAC_AV_H
#define PST_CODEC_AAC_AV_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "pastream/base.h"

// FFmpeg's libraries, loaded with the first file of AAC: they bring a hundred others along, and
// who imports the package should not wait for those. Their functions are called by their own names,
// which lead through a table from here on.

#define PST_AV_FUNCTIONS(DO)                                                                       \
    DO(av_channel_layout_copy)                                                                     \
    DO(av_dict_free)                                                                               \
    DO(av_dict_get)                                                                                \
    DO(av_dict_set)                                                                                \
    DO(av_dict_set_int)                                                                            \
    DO(av_find_input_format)                                                                       \
    DO(av_frame_alloc)                                                                             \
    DO(av_frame_free)                                                                              \
    DO(av_frame_get_buffer)                                                                        \
    DO(av_frame_make_writable)                                                                     \
    DO(av_free)                                                                                    \
    DO(av_freep)                                                                                   \
    DO(av_log_set_level)                                                                           \
    DO(av_malloc)                                                                                  \
    DO(av_new_packet)                                                                              \
    DO(av_packet_alloc)                                                                            \
    DO(av_packet_free)                                                                             \
    DO(av_packet_get_side_data)                                                                    \
    DO(av_packet_rescale_ts)                                                                       \
    DO(av_packet_unref)                                                                            \
    DO(av_read_frame)                                                                              \
    DO(av_rescale)                                                                                 \
    DO(av_seek_frame)                                                                              \
    DO(av_write_frame)                                                                             \
    DO(av_write_trailer)                                                                           \
    DO(avcodec_alloc_context3)                                                                     \
    DO(avcodec_find_decoder)                                                                       \
    DO(avcodec_find_encoder_by_name)                                                               \
    DO(avcodec_flush_buffers)                                                                      \
    DO(avcodec_free_context)                                                                       \
    DO(avcodec_get_name)                                                                           \
    DO(avcodec_open2)                                                                              \
    DO(avcodec_parameters_from_context)                                                            \
    DO(avcodec_parameters_to_context)                                                              \
    DO(avcodec_receive_frame)                                                                      \
    DO(avcodec_receive_packet)                                                                     \
    DO(avcodec_send_frame)                                                                         \
    DO(avcodec_send_packet)                                                                        \
    DO(avcodec_version)                                                                            \
    DO(avformat_alloc_context)                                                                     \
    DO(avformat_alloc_output_context2)                                                             \
    DO(avformat_close_input)                                                                       \
    DO(avformat_free_context)                                                                      \
    DO(avformat_index_get_entries_count)                                                           \
    DO(avformat_new_stream)                                                                        \
    DO(avformat_open_input)                                                                        \
    DO(avformat_version)                                                                           \
    DO(avformat_write_header)                                                                      \
    DO(avio_alloc_context)                                                                         \
    DO(avio_context_free)                                                                          \
    DO(avio_flush)

typedef struct pst_av_functions {
#define PST_AV_MEMBER(name) __typeof__(name) *name;
    PST_AV_FUNCTIONS(PST_AV_MEMBER)
#undef PST_AV_MEMBER
} pst_av_functions;

// Loads the libraries, once per process, and makes them print nothing: they have one setting for
// the process. Returns PST_OK, or PST_UNSUPPORTED with a text that names the library.
PST_NODISCARD pst_status pst_av_load(pst_error *err);

// Returns the functions; only after pst_av_load has returned PST_OK.
const pst_av_functions *pst_av(void);

#ifndef PST_AV_OWN_NAMES
#define av_channel_layout_copy pst_av()->av_channel_layout_copy
#define av_dict_free pst_av()->av_dict_free
#define av_dict_get pst_av()->av_dict_get
#define av_dict_set pst_av()->av_dict_set
#define av_dict_set_int pst_av()->av_dict_set_int
#define av_find_input_format pst_av()->av_find_input_format
#define av_frame_alloc pst_av()->av_frame_alloc
#define av_frame_free pst_av()->av_frame_free
#define av_frame_get_buffer pst_av()->av_frame_get_buffer
#define av_frame_make_writable pst_av()->av_frame_make_writable
#define av_free pst_av()->av_free
#define av_freep pst_av()->av_freep
#define av_log_set_level pst_av()->av_log_set_level
#define av_malloc pst_av()->av_malloc
#define av_new_packet pst_av()->av_new_packet
#define av_packet_alloc pst_av()->av_packet_alloc
#define av_packet_free pst_av()->av_packet_free
#define av_packet_get_side_data pst_av()->av_packet_get_side_data
#define av_packet_rescale_ts pst_av()->av_packet_rescale_ts
#define av_packet_unref pst_av()->av_packet_unref
#define av_read_frame pst_av()->av_read_frame
#define av_rescale pst_av()->av_rescale
#define av_seek_frame pst_av()->av_seek_frame
#define av_write_frame pst_av()->av_write_frame
#define av_write_trailer pst_av()->av_write_trailer
#define avcodec_alloc_context3 pst_av()->avcodec_alloc_context3
#define avcodec_find_decoder pst_av()->avcodec_find_decoder
#define avcodec_find_encoder_by_name pst_av()->avcodec_find_encoder_by_name
#define avcodec_flush_buffers pst_av()->avcodec_flush_buffers
#define avcodec_free_context pst_av()->avcodec_free_context
#define avcodec_get_name pst_av()->avcodec_get_name
#define avcodec_open2 pst_av()->avcodec_open2
#define avcodec_parameters_from_context pst_av()->avcodec_parameters_from_context
#define avcodec_parameters_to_context pst_av()->avcodec_parameters_to_context
#define avcodec_receive_frame pst_av()->avcodec_receive_frame
#define avcodec_receive_packet pst_av()->avcodec_receive_packet
#define avcodec_send_frame pst_av()->avcodec_send_frame
#define avcodec_send_packet pst_av()->avcodec_send_packet
#define avcodec_version pst_av()->avcodec_version
#define avformat_alloc_context pst_av()->avformat_alloc_context
#define avformat_alloc_output_context2 pst_av()->avformat_alloc_output_context2
#define avformat_close_input pst_av()->avformat_close_input
#define avformat_free_context pst_av()->avformat_free_context
#define avformat_index_get_entries_count pst_av()->avformat_index_get_entries_count
#define avformat_new_stream pst_av()->avformat_new_stream
#define avformat_open_input pst_av()->avformat_open_input
#define avformat_version pst_av()->avformat_version
#define avformat_write_header pst_av()->avformat_write_header
#define avio_alloc_context pst_av()->avio_alloc_context
#define avio_context_free pst_av()->avio_context_free
#define avio_flush pst_av()->avio_flush
#endif

#endif
