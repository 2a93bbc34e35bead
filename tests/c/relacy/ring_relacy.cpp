// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// The ring's positions and wake-ups once more, under a checker that runs the threads in thousands
// of random orders and lets every load return any value that its memory order allows. The rules
// are at the top of csrc/core/ring.c; names are the same here. Frames are plain variables, so that
// reading one while it is written is found.
//
// A checker is only worth something if it can fail, so there are four wrong rings, which must be
// found wrong: a relaxed one has no memory orders, with a hasty one a reader joins without looking
// again, with a blind one it takes hold without looking again, and with a careless one the producer
// believes what it saw while a reader joined.

#include <cstdio>
#include <cstring>
#include <iostream>
#include <streambuf>

#include <relacy/relacy.hpp>

#define SEQ_CST order(rl::mo_seq_cst), $
#define ACQUIRE order(rl::mo_acquire), $
#define RELEASE order(rl::mo_release), $
#define RELAXED rl::mo_relaxed, $

namespace {

enum class flaw { none, relaxed, hasty, blind, careless };

// What is wrong with all rings.
flaw ring_flaw = flaw::none;

rl::memory_order order(rl::memory_order right) {
    return ring_flaw == flaw::relaxed ? rl::mo_relaxed : right;
}

using position_t = unsigned long long;

const position_t held_bit = 1ull << 63;
const position_t nobody = ~0ull;
const position_t capacity = 2;
const int n_readers = 2;
const int at_the_end = -1;

class ring_model {
  public:
    // Active readers are given as bits.
    void init(unsigned active_readers) {
        written.store(0, RELAXED);
        active.store(active_readers, RELAXED);
        n_joins.store(0, RELAXED);
        room_at.store(nobody, RELAXED);
        sem_init(&room_event, 0, 0);
        room_end = capacity;
        for (int i = 0; i < n_readers; ++i) {
            readers[i].position.store(0, RELAXED);
            readers[i].wake_at.store(nobody, RELAXED);
            readers[i].n_dropped = 0;
            sem_init(&readers[i].event, 0, 0);
        }
    }

    void deinit() {
        sem_destroy(&room_event);
        for (int i = 0; i < n_readers; ++i)
            sem_destroy(&readers[i].event);
    }

    // ---- Producer ----

    // Whether it is sure; if not, readers joined all the time.
    bool find_room(position_t end, position_t &room) {
        for (int left = 2; left > 0; --left) {
            const unsigned n_before = n_joins.load(SEQ_CST);
            room = look_for_room(end);
            if (ring_flaw == flaw::careless || n_joins.load(SEQ_CST) == n_before)
                return true;
        }
        return false;
    }

    void update_room(position_t end) {
        position_t found;
        if (find_room(end, found))
            room_end = found;
    }

    position_t look_for_room(position_t end) {
        position_t oldest = end;
        const unsigned now_active = active.load(SEQ_CST);
        for (int i = 0; i < n_readers; ++i) {
            if ((now_active >> i & 1u) == 0)
                continue;
            const position_t position = readers[i].position.load(SEQ_CST) & ~held_bit;
            if (end - position <= capacity && position < oldest)
                oldest = position;
        }
        return oldest + capacity;
    }

    bool write_one() {
        const position_t end = written.load(RELAXED);
        if (room_end - end < 1)
            update_room(end);
        if (room_end - end < 1)
            return false;
        frames[end % capacity]($) = static_cast<int>(end);
        publish(end + 1);
        return true;
    }

    void publish(position_t end) {
        written.store(end, SEQ_CST);
        const unsigned now_active = active.load(SEQ_CST);
        for (int i = 0; i < n_readers; ++i) {
            if ((now_active >> i & 1u) == 0)
                continue;
            position_t wake_at = readers[i].wake_at.load(SEQ_CST);
            if (wake_at <= end &&
                readers[i].wake_at.compare_exchange_strong(wake_at, nobody, SEQ_CST))
                sem_post(&readers[i].event);
        }
    }

    bool has_room() {
        const position_t end = written.load(RELAXED);
        position_t found;
        while (!find_room(end, found)) {
        }
        return found >= end + 1;
    }

    void wait_for_room() {
        while (!has_room()) {
            room_at.store(written.load(RELAXED) + 1, SEQ_CST);
            if (!has_room())
                sem_wait(&room_event);
        }
        room_at.store(nobody, SEQ_CST);
    }

    void make_room() {
        const position_t end = written.load(RELAXED) + 1;
        if (room_end < end)
            update_room(end - 1);
        if (room_end >= end)
            return;
        const unsigned now_active = active.load(SEQ_CST);
        for (int i = 0; i < n_readers; ++i)
            if ((now_active >> i & 1u) != 0)
                drop_oldest(readers[i], end - 1, end - capacity);
        update_room(end - 1);
    }

    // ---- Readers ----

    position_t hold(int reader, position_t &position) {
        slot &mine = readers[reader];
        position = mine.position.load(RELAXED);
        position_t end = written.load(ACQUIRE);
        if (position != end) {
            position = mine.position.fetch_or(held_bit, SEQ_CST) & ~held_bit;
            if (ring_flaw != flaw::blind)
                end = written.load(ACQUIRE);
            if (position == end)
                mine.position.store(position, RELEASE);
        }
        RL_ASSERT(end - position <= capacity);
        return end - position;
    }

    void let_go(int reader, position_t position) {
        readers[reader].position.store(position, SEQ_CST);
        notify_room();
    }

    // Reads and checks what is there, at most max_frames. Returns how many frames it read.
    position_t read(int reader, position_t max_frames, position_t &position) {
        position_t n = hold(reader, position);
        if (n == 0)
            return 0;
        n = n < max_frames ? n : max_frames;
        for (position_t p = position; p < position + n; ++p) {
            const int value = frames[p % capacity]($);
            RL_ASSERT(value == static_cast<int>(p));
        }
        let_go(reader, position + n);
        return n;
    }

    void wait_for_frames(int reader, position_t n_frames) {
        slot &mine = readers[reader];
        for (;;) {
            const position_t target = (mine.position.load(SEQ_CST) & ~held_bit) + n_frames;
            if (written.load(SEQ_CST) >= target)
                break;
            mine.wake_at.store(target, SEQ_CST);
            if (written.load(SEQ_CST) < target)
                sem_wait(&mine.event);
        }
        mine.wake_at.store(nobody, SEQ_CST);
    }

    // Where to join: beside a reader that stays, or at the end.
    position_t place_to_join(int other) {
        if (other == at_the_end)
            return written.load(SEQ_CST);
        return readers[other].position.load(SEQ_CST) & ~held_bit;
    }

    position_t join(int reader, int other) {
        slot &mine = readers[reader];
        position_t place = place_to_join(other);
        mine.position.store(place | held_bit, SEQ_CST);
        active.fetch_or(1u << reader, SEQ_CST);
        n_joins.fetch_add(1, SEQ_CST);
        for (position_t now; (now = place_to_join(other)) != place;) {
            place = now;
            if (ring_flaw == flaw::hasty)
                break;
            mine.position.store(place | held_bit, SEQ_CST);
            n_joins.fetch_add(1, SEQ_CST);
        }
        mine.position.store(place, SEQ_CST);
        return place;
    }

    void leave(int reader) {
        active.fetch_and(~(1u << reader), SEQ_CST);
        notify_room();
    }

    position_t dropped(int reader) const {
        return readers[reader].n_dropped;
    }

    position_t end() {
        return written.load(SEQ_CST);
    }

  private:
    struct slot {
        rl::atomic<position_t> position;
        rl::atomic<position_t> wake_at;
        position_t n_dropped; // Only the producer's.
        rl::rl_sem_t event;
    };

    void notify_room() {
        position_t wanted = room_at.load(SEQ_CST);
        if (wanted == nobody)
            return;
        position_t found;
        const bool is_sure = find_room(written.load(SEQ_CST), found);
        if ((!is_sure || found >= wanted) &&
            room_at.compare_exchange_strong(wanted, nobody, SEQ_CST))
            sem_post(&room_event);
    }

    void drop_oldest(slot &theirs, position_t end, position_t target) {
        position_t position = theirs.position.load(SEQ_CST);
        while ((position & held_bit) == 0 && position < target && end - position <= capacity) {
            const position_t n_lost = target - position;
            if (theirs.position.compare_exchange_strong(position, target, SEQ_CST)) {
                theirs.n_dropped += n_lost;
                return;
            }
        }
    }

    rl::atomic<position_t> written;
    rl::atomic<unsigned> active;
    rl::atomic<unsigned> n_joins;
    rl::atomic<position_t> room_at;
    rl::rl_sem_t room_event;
    position_t room_end; // Only the producer's.
    slot readers[n_readers];
    rl::var<int> frames[capacity];
};

// Two readers that wait for one and for two frames; the producer waits for room. A lost wake-up
// is a deadlock.
struct transfer : rl::test_suite<transfer, 3> {
    ring_model ring;

    void before() {
        ring.init(3);
    }

    void after() {
        ring.deinit();
    }

    void thread(unsigned index) {
        const position_t n_frames = 4;
        if (index == 0) {
            for (position_t i = 0; i < n_frames; ++i) {
                ring.wait_for_room();
                RL_ASSERT(ring.write_one());
            }
            return;
        }
        const int reader = static_cast<int>(index) - 1;
        for (position_t next = 0; next < n_frames;) {
            position_t position;
            ring.wait_for_frames(reader, index);
            const position_t n = ring.read(reader, index, position);
            RL_ASSERT(n == index && position == next);
            next += n;
        }
    }
};

// The producer takes the oldest frames from a reader that reads when it likes.
struct dropping : rl::test_suite<dropping, 2> {
    ring_model ring;
    position_t n_read;

    void before() {
        ring.init(1);
        n_read = 0;
    }

    void after() {
        position_t position;
        n_read += ring.read(0, capacity, position);
        RL_ASSERT(n_read + ring.dropped(0) == ring.end());
        ring.deinit();
    }

    void thread(unsigned index) {
        if (index == 0) {
            for (int i = 0; i < 6; ++i) {
                ring.make_room();
                ring.write_one();
            }
            return;
        }
        for (position_t i = 0, next = 0; i < 4; ++i) {
            position_t position;
            const position_t n = ring.read(0, 1 + i % 2, position);
            RL_ASSERT(n == 0 || position >= next);
            next = n == 0 ? next : position + n;
            n_read += n;
        }
    }
};

// A reader comes, reads without a gap and leaves: at the end while another one stays, or alone, or
// beside the one that stays.
enum class company { steady, none, beside };

template <company who> struct joining : rl::test_suite<joining<who>, who == company::none ? 2 : 3> {
    ring_model ring;

    void before() {
        ring.init(who == company::none ? 0 : 1);
    }

    void after() {
        ring.deinit();
    }

    void thread(unsigned index) {
        position_t position;
        if (index == 0) {
            for (int i = 0; i < 7; ++i)
                ring.write_one();
        } else if (index == 1) {
            position_t next = ring.join(1, who == company::beside ? 0 : at_the_end);
            for (int i = 0; i < 3; ++i) {
                const position_t n = ring.read(1, capacity, position);
                RL_ASSERT(n == 0 || position == next);
                next += n;
            }
            ring.leave(1);
        } else {
            for (int i = 0; i < 4; ++i)
                ring.read(0, capacity, position);
        }
    }
};

// The checker's report as lines of comment. It keeps no memory: relacy replaces operator new.
class comment_stream : public std::streambuf {
  protected:
    int overflow(int letter) override {
        if (starts_line)
            std::fputs("# ", stdout);
        starts_line = letter == '\n';
        std::putchar(letter);
        return letter;
    }

  private:
    bool starts_line = true;
};

template <typename test> bool passes(rl::test_params params) {
    comment_stream buffer;
    std::ostream report(&buffer);
    params.output_stream = &report;
    params.progress_stream = &report;
    return rl::simulate<test>(params);
}

// Random orders reach far, and all orders with few switches between threads miss nothing near.
struct scenario {
    const char *name;
    bool (*passes)(rl::test_params params);
    unsigned n_random;   // Orders.
    unsigned n_switches; // 0: only random orders, since there are too many others.

    bool is_right() const {
        rl::test_params params;
        params.iteration_count = n_random;
        if (!passes(params))
            return false;
        if (n_switches == 0)
            return true;
        params = rl::test_params();
        params.search_type = rl::sched_bound;
        params.context_bound = n_switches;
        params.iteration_count = ~0u;
        return passes(params);
    }
};

} // namespace

// With arguments, runs only the test of that name, with a ring that has one of the flaws.
int main(int argc, char **argv) {
    static const scenario scenarios[] = {
        {"transfer", passes<transfer>, 100000, 0},
        {"dropping", passes<dropping>, 300000, 3},
        {"joining", passes<joining<company::steady>>, 500000, 2},
        {"beside", passes<joining<company::beside>>, 200000, 2},
        {"alone", passes<joining<company::none>>, 100000, 3},
    };
    static const struct {
        const char *name;
        flaw kind;
    } flaws[] = {{"relaxed", flaw::relaxed},
                 {"hasty", flaw::hasty},
                 {"blind", flaw::blind},
                 {"careless", flaw::careless}};
    for (const auto &wrong : flaws)
        if (argc > 2 && std::strcmp(argv[2], wrong.name) == 0)
            ring_flaw = wrong.kind;
    int n_run = 0;
    bool is_right = true;
    for (const scenario &test : scenarios) {
        if (argc > 1 && std::strcmp(argv[1], test.name) != 0)
            continue;
        const bool passed = test.is_right();
        is_right = is_right && passed;
        std::printf("%s %d - %s\n", passed ? "ok" : "not ok", ++n_run, test.name);
    }
    std::printf("1..%d\n", n_run);
    return is_right && n_run > 0 ? 0 : 1;
}
