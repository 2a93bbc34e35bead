// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "feed_rig.h"
#include "pastream/codec_nodes.h"
#include "pastream/node.h"

// Times of what goes through chains between feeds, and the rates that they need.

// Times of a coarse time base come out as they were told, behind all that keeps the rate.
static void test_times_are_told_as_they_were(void) {
    static const int64_t pts[] = {7, 28, 49, 71, 92, 5000, 5021};
    for (int chunks = 0; chunks < 2; ++chunks) {
        pst_feed *in = make_feed(8), *out = make_feed(20);
        pst_stage *stages[2] = {NULL};
        CHECK_EQ(pst_node_gain(&stages[0], NULL, 0.5, 0, NULL), PST_OK);
        CHECK_EQ(pst_node_rechunk(&stages[1], NULL, chunks == 0 ? 1024 : 512, false, NULL), PST_OK);
        pst_chain *chain = NULL;
        CHECK_EQ(
            pst_chain_create_staged(&chain, NULL, from_feed(in), stages, 2, to_feed(out), NULL),
            PST_OK);
        CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
        pst_buffer buffer = {.media = mono, .data = data, .n_frames = 1024};
        buffer.media.rate_hz = 48000.0;
        buffer.media.time_base_num = 1;
        buffer.media.time_base_den = 1000;
        buffer.media.told_pts = 12345; // Nobody looks at what is not the feed's own.
        for (int i = 0; i < 7; ++i) {
            buffer.pts = pts[i];
            CHECK_EQ(pst_feed_put(in, &buffer, PATIENCE_NS, NULL), PST_OK);
        }
        pst_feed_end(in);
        for (int i = 0; i < (chunks == 0 ? 7 : 14); ++i) {
            pst_buffer got;
            if (!CHECK_EQ(pst_feed_get(out, &got, PATIENCE_NS, NULL), PST_OK))
                break;
            CHECK_EQ(got.pts, chunks == 0 ? pts[i] : pts[i / 2] + 11 * (i % 2));
            CHECK_EQ(got.media.time_base_den, 1000);
            pst_feed_pass(out, &got);
        }
        CHECK_EQ(finish(chain), PST_CHAIN_DONE);
        pst_feed_release(in);
        pst_feed_release(out);
    }
}

// A ring cannot know its rate. What lies ready is one buffer.
static void test_rings_are_told_their_rate(void) {
    pst_ring *ring = NULL;
    const pst_ring_config ring_config = {.capacity_frames = 8192, .frame_bytes = 4};
    pst_resample_node_config config;
    pst_resample_node_config_default(&config);
    config.rate_hz = 16000.0;
    pst_error err = {.status = PST_OK};
    for (int is_told = 0; is_told < 2; ++is_told) {
        CHECK_EQ(pst_ring_create(&ring, &ring_config, NULL), PST_OK);
        CHECK_EQ(pst_ring_write(ring, data, 1000), 1000);
        pst_feed *out = make_feed(8);
        pst_source *source = NULL;
        CHECK_EQ(pst_source_ring(&source, ring, 0, PST_FORMAT_I32, 1, NULL), PST_OK);
        if (is_told == 1)
            CHECK_EQ(pst_source_set_rate(source, 8000.0, NULL), PST_OK);
        CHECK_EQ(pst_source_set_rate(source, 0.0, &err), PST_BAD_ARGUMENT);
        CHECK_STR(err.text, "rate_hz is 0; it must be more than 0");
        pst_stage *node = NULL;
        CHECK_EQ(pst_node_resample(&node, "up", &config, NULL), PST_OK);
        pst_chain *chain = start(source, node, to_feed(out));
        if (is_told == 1) {
            CHECK_EQ(pst_ring_write(ring, data + 1000, 1000), 1000);
            pst_ring_end(ring);
            uint64_t n_frames = 0;
            pst_buffer buffer;
            while (pst_feed_get(out, &buffer, PATIENCE_NS, NULL) == PST_OK) {
                CHECK_EQ(buffer.pts, (int64_t)n_frames);
                CHECK(buffer.media.rate_hz == 16000.0);
                n_frames += buffer.n_frames;
                pst_feed_pass(out, &buffer);
            }
            CHECK_EQ(n_frames, 4000);
        } else {
            CHECK_EQ(get_status(out, &err), PST_CLOSED);
            CHECK_STR(err.text,
                      "frames of an unknown rate came; they cannot be resampled to 16000 Hz");
        }
        CHECK_EQ(finish(chain), is_told == 1 ? PST_CHAIN_DONE : PST_CHAIN_FAILED);
        pst_feed_release(out);
        pst_ring_release(ring);
    }
    pst_feed *feed = make_feed(1);
    pst_source *source = from_feed(feed);
    CHECK_EQ(pst_source_set_rate(source, 8000.0, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "source is a feed source: what it gives tells its rate");
    pst_source_destroy(source);
    source = from_memory(1);
    CHECK_EQ(pst_source_set_rate(source, 8000.0, NULL), PST_OK);
    CHECK_EQ(pst_source_set_rate(source, 44100.0, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "rate_hz is 44100; the source (memory) gives frames at 8000 Hz");
    pst_source_destroy(source);
    pst_feed_release(feed);
}

// A microphone that has run for days: numbers of frames are large, and what is missing is missing
// in the packets' times, too.
static void test_days_of_sound_have_exact_times(void) {
    pst_feed *in = make_feed(4), *out = NULL;
    CHECK_EQ(pst_feed_create(&out, PST_MEDIA_PACKETS, 1000, NULL), PST_OK);
    pst_resample_node_config resample;
    pst_resample_node_config_default(&resample);
    resample.rate_hz = 48000.0;
    resample.out_chunk_frames = 960;
    pst_encode_config encode;
    pst_encode_config_default(&encode);
    encode.encoder.format.container = PST_CONTAINER_RAW;
    encode.encoder.format.encoding = PST_ENCODING_PCM;
    encode.encoder.format.sample_format = PST_FORMAT_I16;
    encode.encoder.chunk_frames = 960;
    pst_stage *stages[2] = {NULL};
    CHECK_EQ(pst_node_resample(&stages[0], NULL, &resample, NULL), PST_OK);
    CHECK_EQ(pst_node_encode(&stages[1], NULL, &encode, NULL), PST_OK);
    pst_chain *chain = NULL;
    CHECK_EQ(pst_chain_create_staged(&chain, NULL, from_feed(in), stages, 2, to_feed(out), NULL),
             PST_OK);
    CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
    // Two seconds each, in pieces, after so many hours at 44.1 kHz.
    static const int64_t hours[] = {30, 100, 1000000};
    pst_buffer buffer = {.media = mono, .data = data};
    buffer.media.rate_hz = 44100.0;
    for (int i = 0; i < 3; ++i)
        for (int64_t k = 0; k < 196; ++k) {
            buffer.n_frames = 450;
            buffer.pts = hours[i] * 3600 * 44100 + 450 * k;
            CHECK_EQ(pst_feed_put(in, &buffer, PATIENCE_NS, NULL), PST_OK);
        }
    pst_feed_end(in);
    for (int i = 0; i < 3; ++i) {
        int64_t next = hours[i] * 3600 * 48000;
        while (next < hours[i] * 3600 * 48000 + 96000) {
            pst_buffer got;
            if (!CHECK_EQ(pst_feed_get(out, &got, PATIENCE_NS, NULL), PST_OK))
                break;
            const pst_packet *packet = got.data;
            CHECK_EQ(packet->pts, next);
            CHECK_EQ(packet->time_base_den, 48000);
            CHECK_EQ(packet->n_bytes, 2 * packet->duration);
            CHECK(packet->duration > 0 && packet->duration <= 960);
            next += packet->duration;
            pst_feed_pass(out, &got);
        }
        CHECK_EQ(next, hours[i] * 3600 * 48000 + 96000);
    }
    CHECK_EQ(get_status(out, NULL), PST_END);
    CHECK_EQ(finish(chain), PST_CHAIN_DONE);
    pst_feed_release(in);
    pst_feed_release(out);
}

int main(void) {
    fill_data();
    RUN(test_times_are_told_as_they_were);
    RUN(test_rings_are_told_their_rate);
    RUN(test_days_of_sound_have_exact_times);
    return check_done();
}
