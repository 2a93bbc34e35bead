// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// What ID3 calls things.

#include <string.h>

#include "codec/metadata/id3.h"

// The first row with a key is the frame that is written for it.
static const struct {
    const char *frame; // Of ID3v2.3 and 2.4.
    const char *old;   // Of ID3v2.2.
    const char *key;
} rows[] = {
    {"TIT2", "TT2", "title"},       {"TPE1", "TP1", "artist"},      {"TALB", "TAL", "album"},
    {"TPE2", "TP2", "albumartist"}, {"TCOM", "TCM", "composer"},    {"TDRC", "", "date"},
    {"TYER", "TYE", "date"},        {"TRCK", "TRK", "tracknumber"}, {"TPOS", "TPA", "discnumber"},
    {"TCON", "TCO", "genre"},       {"TCOP", "TCR", "copyright"},   {"TSSE", "TSS", "encoder"},
    {"TENC", "TEN", "encoder"},     {"TSRC", "TRC", "isrc"},        {"TPE3", "TP3", "conductor"},
    {"TPE4", "TP4", "remixer"},     {"TEXT", "TXT", "lyricist"},    {"TPUB", "TPB", "organization"},
    {"TBPM", "TBP", "bpm"},         {"TIT1", "TT1", "grouping"},    {"TIT3", "TT3", "subtitle"},
    {"TLAN", "TLA", "language"},    {"TMOO", "", "mood"},           {"TSST", "", "discsubtitle"},
    {"TCMP", "TCP", "compilation"}, {"TSOA", "", "albumsort"},      {"TSOP", "", "artistsort"},
    {"TSOT", "", "titlesort"},      {"COMM", "COM", "comment"},     {"USLT", "ULT", "lyrics"},
};

enum { N_ROWS = sizeof rows / sizeof *rows };

// The first 80 are of ID3v1; the others are of Winamp, and used everywhere.
static const char *const genres[] = {
    "Blues",
    "Classic Rock",
    "Country",
    "Dance",
    "Disco",
    "Funk",
    "Grunge",
    "Hip-Hop",
    "Jazz",
    "Metal",
    "New Age",
    "Oldies",
    "Other",
    "Pop",
    "R&B",
    "Rap",
    "Reggae",
    "Rock",
    "Techno",
    "Industrial",
    "Alternative",
    "Ska",
    "Death Metal",
    "Pranks",
    "Soundtrack",
    "Euro-Techno",
    "Ambient",
    "Trip-Hop",
    "Vocal",
    "Jazz+Funk",
    "Fusion",
    "Trance",
    "Classical",
    "Instrumental",
    "Acid",
    "House",
    "Game",
    "Sound Clip",
    "Gospel",
    "Noise",
    "Alternative Rock",
    "Bass",
    "Soul",
    "Punk",
    "Space",
    "Meditative",
    "Instrumental Pop",
    "Instrumental Rock",
    "Ethnic",
    "Gothic",
    "Darkwave",
    "Techno-Industrial",
    "Electronic",
    "Pop-Folk",
    "Eurodance",
    "Dream",
    "Southern Rock",
    "Comedy",
    "Cult",
    "Gangsta",
    "Top 40",
    "Christian Rap",
    "Pop/Funk",
    "Jungle",
    "Native American",
    "Cabaret",
    "New Wave",
    "Psychedelic",
    "Rave",
    "Showtunes",
    "Trailer",
    "Lo-Fi",
    "Tribal",
    "Acid Punk",
    "Acid Jazz",
    "Polka",
    "Retro",
    "Musical",
    "Rock & Roll",
    "Hard Rock",
    "Folk",
    "Folk-Rock",
    "National Folk",
    "Swing",
    "Fast Fusion",
    "Bebop",
    "Latin",
    "Revival",
    "Celtic",
    "Bluegrass",
    "Avantgarde",
    "Gothic Rock",
    "Progressive Rock",
    "Psychedelic Rock",
    "Symphonic Rock",
    "Slow Rock",
    "Big Band",
    "Chorus",
    "Easy Listening",
    "Acoustic",
    "Humour",
    "Speech",
    "Chanson",
    "Opera",
    "Chamber Music",
    "Sonata",
    "Symphony",
    "Booty Bass",
    "Primus",
    "Porn Groove",
    "Satire",
    "Slow Jam",
    "Club",
    "Tango",
    "Samba",
    "Folklore",
    "Ballad",
    "Power Ballad",
    "Rhythmic Soul",
    "Freestyle",
    "Duet",
    "Punk Rock",
    "Drum Solo",
    "A Cappella",
    "Euro-House",
    "Dance Hall",
};

const char *pst_id3_key(const char *frame) {
    for (size_t i = 0; i < N_ROWS; ++i)
        if (strcmp(frame, rows[i].frame) == 0 || strcmp(frame, rows[i].old) == 0)
            return rows[i].key;
    return NULL;
}

const char *pst_id3_frame(const char *key) {
    for (size_t i = 0; i < N_ROWS; ++i)
        if (strcmp(key, rows[i].key) == 0)
            return rows[i].frame;
    return NULL;
}

const char *pst_id3_genre(unsigned number) {
    return number < sizeof genres / sizeof *genres ? genres[number] : NULL;
}
