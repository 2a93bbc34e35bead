// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_REGISTRY_H
#define PST_CODEC_REGISTRY_H

#include "codec/codec.h"

// The codecs of this build. Which of them there are, the build's options say.
extern const pst_codec pst_wav_pcm_codec;
extern const pst_codec pst_wav_ulaw_codec;
extern const pst_codec pst_wav_alaw_codec;
extern const pst_codec pst_sndfile_pcm_codec;
extern const pst_codec pst_sndfile_ulaw_codec;
extern const pst_codec pst_sndfile_alaw_codec;
extern const pst_codec pst_sndfile_ima_adpcm_codec;
extern const pst_codec pst_sndfile_ms_adpcm_codec;
extern const pst_codec pst_sndfile_gsm_codec;
extern const pst_codec pst_adts_codec;
extern const pst_codec pst_mp4_codec;
extern const pst_codec pst_aac_packets_codec;
extern const pst_codec pst_flac_codec;
extern const pst_codec pst_vorbis_codec;
extern const pst_codec pst_opus_codec;
extern const pst_codec pst_opus_packets_codec;
extern const pst_codec pst_mp3_codec;

#endif
