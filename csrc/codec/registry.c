// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/registry.h"

// Where several fit, the first one is taken.
static const pst_codec *const codecs[] = {
    &pst_wav_pcm_codec,
    &pst_wav_ulaw_codec,
    &pst_wav_alaw_codec,
    &pst_sndfile_pcm_codec,
    &pst_sndfile_ulaw_codec,
    &pst_sndfile_alaw_codec,
    &pst_sndfile_ima_adpcm_codec,
    &pst_sndfile_ms_adpcm_codec,
    &pst_sndfile_gsm_codec,
#ifdef PST_HAS_AAC
    &pst_adts_codec,
    &pst_mp4_codec,
    &pst_aac_packets_codec,
#endif
#ifdef PST_HAS_VORBIS
    &pst_vorbis_codec,
#endif
#ifdef PST_HAS_OPUS
    &pst_opus_codec,
    &pst_opus_packets_codec,
#endif
#ifdef PST_HAS_MP3
    &pst_mp3_codec,
#endif
#ifdef PST_HAS_FLAC
    &pst_flac_codec,
#endif
};

enum { N_CODECS = sizeof codecs / sizeof *codecs };

// Whoever asks may have any number.
static bool is_container(pst_container container) {
    return container >= PST_CONTAINER_WAV && container <= PST_CONTAINER_PACKETS;
}

const pst_codec *pst_decoding_codec(pst_container container, pst_encoding encoding) {
    if (!is_container(container))
        return NULL;
    for (size_t i = 0; i < N_CODECS; ++i)
        if ((codecs[i]->decodes & PST_IN(container)) != 0 &&
            (encoding == PST_ENCODING_DEFAULT || codecs[i]->encoding == encoding))
            return codecs[i];
    return NULL;
}

const pst_codec *pst_encoding_codec(pst_container container, pst_encoding encoding) {
    if (encoding == PST_ENCODING_DEFAULT)
        encoding = pst_usual_encoding(container);
    if (!is_container(container))
        return NULL;
    for (size_t i = 0; i < N_CODECS; ++i)
        if ((codecs[i]->encodes & PST_IN(container)) != 0 && codecs[i]->encoding == encoding)
            return codecs[i];
    return NULL;
}

pst_status pst_codec_get_info(uint32_t index, pst_codec_info *info) {
    if (index >= N_CODECS)
        return PST_END;
    const pst_codec *codec = codecs[index];
    *info = (pst_codec_info){
        .name = codec->name,
        .encoding = codec->encoding,
        .decodes = codec->decoder == NULL && codec->packets == NULL ? 0 : codec->decodes,
        .encodes = codec->encoder == NULL ? 0 : codec->encodes,
        .is_lossless = codec->is_lossless,
    };
    if (codec->libraries != NULL)
        codec->libraries(info->libraries, sizeof info->libraries);
    return PST_OK;
}
