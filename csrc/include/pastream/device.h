// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_DEVICE_H
#define PASTREAM_DEVICE_H

#include "pastream/format.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// The system: every host API and device that this process can use. It is made once per process,
// and touches no host API until a call needs the list of devices.
//
// Two backends fill the list: PortAudio (its devices first, with PortAudio's own indices), then the
// virtual host with its devices "loopback" and "null", which is always there.
typedef struct pst_system pst_system;

enum { PST_NAME_BYTES = 256, PST_UID_BYTES = 384, PST_NO_INDEX = -1 };

typedef struct pst_hostapi_info {
    char name[PST_NAME_BYTES];
    int32_t n_devices;
    int32_t default_input;  // Device index, or PST_NO_INDEX.
    int32_t default_output; // Device index, or PST_NO_INDEX.
} pst_hostapi_info;

typedef struct pst_device_info {
    char name[PST_NAME_BYTES]; // UTF-8, as the host API tells it.
    char uid[PST_UID_BYTES]; // "host API/name", with "#2" and so on for equal ones: the same in the
                             // next run of the program.
    int32_t hostapi;         // Index of its host API.
    int32_t max_input_channels;
    int32_t max_output_channels;
    double default_samplerate_hz;
    double low_input_latency_s; // 0 to 10; a host's nonsense is replaced by 0.
    double low_output_latency_s;
    double high_input_latency_s;
    double high_output_latency_s;
    bool is_virtual;
    bool is_loopback; // Its input is what was played: a monitor of an output.
} pst_device_info;

typedef enum pst_direction { PST_INPUT = 1, PST_OUTPUT = 2, PST_DUPLEX = 3 } pst_direction;

enum { PST_ALSA_PCM_BYTES = 128, PST_ALSA_MAX_PERIODS = 64 };

// What only ALSA's devices know. All zero: nothing.
typedef struct pst_alsa_options {
    char pcm[PST_ALSA_PCM_BYTES]; // Open this PCM, by ALSA's name, in place of the device's own.
    uint32_t n_periods;           // Of the hardware's buffer, 2 to PST_ALSA_MAX_PERIODS; 0: 4.
    bool is_realtime;             // Ask for realtime priority for the audio thread.
} pst_alsa_options;

// One side of a stream.
typedef struct pst_side {
    int32_t device;           // Index in the list, or PST_NO_INDEX for a side that is not there.
    uint32_t n_channels;      // 1 to the device's maximum.
    pst_format format;        // Of the frames in the ring. PST_FORMAT_I24 is not allowed here: use
                              // PST_FORMAT_I32 with device_format PST_FORMAT_I24.
    pst_format device_format; // Asked of the device, or 0: what suits the device best for `format`.
    double latency_s;         // Suggested, up to 10; 0 takes the device's low, negative its high
                              // latency. Virtual devices do not look at it.
    pst_alsa_options alsa;    // PST_UNSUPPORTED on devices of other host APIs.
    char uid[PST_UID_BYTES];  // Not empty: the device with this uid, whatever its index is when the
                              // call is made; `device` then only says that there is such a side.
} pst_side;

// What a host says about a block, and what the stream adds. The first five have the values of
// PortAudio's callback flags. A flag is not an amount: one can stand for any number of frames.
typedef enum pst_flag {
    PST_FLAG_INPUT_UNDERFLOW = 1,
    PST_FLAG_INPUT_OVERFLOW = 2,
    PST_FLAG_OUTPUT_UNDERFLOW = 4,
    PST_FLAG_OUTPUT_OVERFLOW = 8,
    PST_FLAG_PRIMING = 16,
    PST_FLAG_GAP = 32 // Frames are missing.
} pst_flag;

// ---- The virtual host ----------------------------------------------------------------------

// Two devices, always there, with up to 64 channels each way, any rate and any format. Each stream
// has them for itself. A block of 0 frames asked for is one of 10 ms, at least 16 frames.
//
// "loopback": what a stream plays comes back as its input, frame n as frame n + delay, where delay
// is latency_frames + the largest block that the stream can have: block_frames, or more if a fault
// asks for more. With equal blocks and latency_frames 0, the output of a block is the next block's
// input. Equal formats and channels come back bit by bit; other formats are converted as by
// pst_convert, and channels keep their index, missing ones being silent. Without both sides in one
// stream there is silence. The host API's latencies fit: input_latency_s + output_latency_s is the
// delay.
//
// "null": takes all, and hears silence.

typedef enum pst_virtual_clock {
    PST_CLOCK_WALL = 0, // Blocks are due at their time of the monotonic clock, without drift.
    PST_CLOCK_FREE = 1  // Blocks follow as fast as the rings allow: no under- or overflow. The time
                        // that the device tells is simulated: start + frames / rate.
} pst_virtual_clock;

typedef enum pst_virtual_input {
    PST_INPUT_DEVICE = 0,  // What the device gives: its own output for loopback, silence for null.
    PST_INPUT_COUNTER = 1, // Each sample is the 64-bit number of its frame (first_frame and on): as
                           // an int32 the lower 31 bits, as narrower integers the lower bits less
                           // one for the sign (uint8: 128 + the lower 7), as float32 the lower 24
                           // bits / 2^24, as float64 the lower 31 bits / 2^31.
    PST_INPUT_SINE = 2     // 440 Hz at half of full scale.
} pst_virtual_input;

typedef enum pst_fault_kind {
    PST_FAULT_LATE = 1,   // The callback comes amount_ns late; the device has buffered, and the
                          // next blocks follow at once until time is caught up. No frame is lost.
    PST_FAULT_STALL = 2,  // No callback for amount_frames; the device goes on, and these frames are
                          // lost. The next callback carries the flags of an xrun.
    PST_FAULT_VANISH = 3, // No callback ever again, though the host says the stream is active. See
                          // away_ns for streams that open the device again.
    PST_FAULT_DEAD = 4,   // As vanish, and the host says the stream is not active.
    PST_FAULT_BURST = 5,  // The next amount_frames come at once, without waiting for the clock.
    PST_FAULT_XRUN = 6,   // Flags of an xrun without any loss: a host that lies.
    PST_FAULT_DRIFT = 7,  // From here on the device's clock is amount_ppm fast (-500 000 to
                          // 1 000 000), against its nominal rate.
    PST_FAULT_BLOCK = 8,  // From here on blocks have amount_frames frames, up to 65536 (0: random,
                          // 1 to 4096).
    PST_FAULT_EMPTY = 9,  // One callback with no frames, before the block.
    PST_FAULT_LATENCY = 10 // From here on ADC and DAC times are told amount_ns too late. What is
                           // then no latency of 0 to 10 s is not told at all.
} pst_fault_kind;

typedef struct pst_virtual_fault {
    pst_fault_kind kind;
    uint64_t at_frame; // Frames since start; acts at the first block that begins here or later.
    int64_t amount;    // Frames, nanoseconds or ppm, as the kind says.
} pst_virtual_fault;

enum { PST_MAX_FAULTS = 64 };

typedef struct pst_virtual_config {
    pst_virtual_clock clock;
    pst_virtual_input input;
    uint32_t latency_frames; // How much later the output is heard, and comes back. 0 is allowed.
    uint64_t first_frame;    // The device's frame counter at start, for tests of large numbers.
    uint32_t seed;           // Of random block sizes.
    pst_status open_status;  // Not PST_OK: opening fails so.
    pst_status start_status; // Not PST_OK: starting fails so.
    int64_t stop_hang_ns;    // Stop, abort and close take so long each, and callbacks go on
                             // meanwhile; negative: never return.
    int64_t away_ns; // For a stream that opens the device again after vanish or dead (pst_on_lost):
                     // so long after the fault opening fails with PST_NO_DEVICE; negative: always.
                     // The script then goes on after that fault, at_frame counting from this start.
    uint32_t n_faults;
    pst_virtual_fault faults[PST_MAX_FAULTS]; // Sorted by at_frame.
} pst_virtual_config;

// Fills in the defaults: wall clock, the device's own input, no faults, latency_frames 0.
// Thread: any. Realtime: yes.
PST_API void pst_virtual_config_default(pst_virtual_config *config) PST_RT;

// ---- System --------------------------------------------------------------------------------

// Makes the system. No host API is touched.
// Returns PST_OK or PST_NO_MEMORY. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_system_create(pst_system **system, pst_error *err);

// Drops the system; it goes away with its last stream. Ends PortAudio unless a stream had to be
// abandoned. Waits at most 2 s for that. Does nothing in a forked child. NULL is allowed.
// Thread: any. Realtime: no.
PST_API void pst_system_release(pst_system *system);

// Reads the list of devices if that has not been done. A PortAudio that fails to initialise, or
// does not come back within 10 s, leaves only the virtual host in the list, and its complaint in
// *err, with PST_OK as the result; later calls tell the complaint again.
// Returns PST_OK, PST_FORKED, PST_NO_MEMORY, PST_SYSTEM_ERROR (no thread could be started),
// PST_TIMEOUT (another thread has been waiting for the list all the time).
// Thread: any. Realtime: no.
PST_API PST_NODISCARD pst_status pst_system_load(pst_system *system, pst_error *err);

// Reads the list again, while streams run or not: they go on undisturbed. Indices may change, uids
// do not. What a stream of this process holds stays in the list, at its end, even where the host
// does not show it any more. A JACK server that has gone is found again when it is back.
//
// The result is PST_DEVICE_BUSY, and the list stays as it is, if PortAudio has not come back from
// the last time, if streams are open from 8 different lists, or if streams are open and PortAudio
// cannot be loaded once more (that needs Linux, and PortAudio as a shared library) or does not
// answer within 10 s. Otherwise as pst_system_load.
// Thread: any. Realtime: no.
PST_API PST_NODISCARD pst_status pst_system_refresh(pst_system *system, pst_error *err);

// Returns a number that changes whenever the list is replaced: indices of one list mean nothing in
// the next. Touches no host API. Thread: any. Realtime: no.
PST_API uint64_t pst_system_list_number(pst_system *system);

// The calls below load the list when needed, and then answer from it.
// Counts are 0 and defaults PST_NO_INDEX where loading fails. The text for an unknown index lists
// the devices. Thread: any. Realtime: no.
PST_API int32_t pst_system_device_count(pst_system *system);
PST_API int32_t pst_system_hostapi_count(pst_system *system);
PST_API PST_NODISCARD pst_status pst_system_get_device(pst_system *system, int32_t index,
                                                       pst_device_info *info, pst_error *err);
PST_API PST_NODISCARD pst_status pst_system_get_hostapi(pst_system *system, int32_t index,
                                                        pst_hostapi_info *info, pst_error *err);

// Returns PortAudio's default device of a direction, or PST_NO_INDEX. Never a virtual one. For
// PST_DUPLEX it is the default device of both directions, if that is one device.
// Thread: any. Realtime: no.
PST_API int32_t pst_system_default_device(pst_system *system, pst_direction direction);

// ---- Watching the list ---------------------------------------------------------------------

// Tells that the list of devices was replaced: by a refresh of anybody's, or because devices came
// or went. While a system has open watches, a thread of the library waits for signs of that: files
// of ALSA's cards, the sockets of the JACK and PulseAudio servers (both on Linux), and ports of
// clients at the JACK server. A quarter of a second after the last sign it reads the list again.
typedef struct pst_device_watch pst_device_watch;

// Opens a watch. It starts with one reference.
// Returns PST_OK, PST_NO_MEMORY, PST_SYSTEM_ERROR, PST_FORKED. Thread: any. Realtime: no.
PST_API PST_NODISCARD pst_status pst_device_watch_create(pst_device_watch **watch,
                                                         pst_system *system, pst_error *err);

// Drops the reference, and closes. Nobody may be waiting. Never blocks. NULL is allowed. Does
// nothing in a forked child. Thread: any. Realtime: no.
PST_API void pst_device_watch_release(pst_device_watch *watch);

// Ends all waits with PST_CLOSED. Idempotent. Thread: any. Realtime: no.
PST_API void pst_device_watch_close(pst_device_watch *watch);

// Waits until the list has another number (pst_system_list_number) than `number`.
// Returns PST_OK, PST_TIMEOUT, PST_CLOSED, PST_FORKED. Thread: any, several at once.
// Realtime: no (blocks).
PST_API PST_NODISCARD pst_status pst_device_watch_wait(pst_device_watch *watch, uint64_t number,
                                                       int64_t timeout_ns);

// Arms a file descriptor that becomes readable when pst_device_watch_wait with this number has
// something to tell; it may be spurious. Returns it, or a negative status: PST_SYSTEM_ERROR,
// PST_FORKED. Ownership: the watch's. Thread: one at a time. Realtime: no.
PST_API int pst_device_watch_arm_fd(pst_device_watch *watch, uint64_t number);

// ---- Asking --------------------------------------------------------------------------------

// Asks whether devices would take these settings, without opening them. A side may be NULL. If it
// is the rate that they do not take, the text lists common rates that they do.
// Returns PST_OK, PST_NO_DEVICE, PST_UNSUPPORTED, PST_BAD_ARGUMENT, PST_DEVICE_BUSY, PST_TIMEOUT
// (the host API hangs), PST_HOST_ERROR, PST_NO_MEMORY, PST_SYSTEM_ERROR, PST_FORKED.
// Thread: any. Realtime: no.
PST_API PST_NODISCARD pst_status pst_system_check(pst_system *system, const pst_side *input,
                                                  const pst_side *output, double samplerate_hz,
                                                  pst_error *err);

// Writes PortAudio's version text, at most n_bytes with the NUL. Touches no host API.
// Thread: any. Realtime: no.
PST_API void pst_system_backend_version(char *text, size_t n_bytes);

// Takes the oldest line that a host API has printed or logged: what would otherwise be on stderr.
// The log keeps 128 lines of up to 239 bytes; later ones are dropped when it is full. Returns false
// if there is none. Thread: any. Realtime: no.
PST_API bool pst_system_pop_log(pst_system *system, char *line, size_t n_bytes);

// How many handles were abandoned because the host API did not come back in time. Only grows.
// Thread: any. Realtime: yes.
PST_API uint32_t pst_system_abandoned(const pst_system *system) PST_RT;

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
