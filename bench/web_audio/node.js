// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// node node.js DESCRIPTIONS RUNS RESULTS: times node-web-audio-api, which lies in a folder
// of node modules that NODE_PATH names.
"use strict";

const fs = require("fs");
const engine = require("node-web-audio-api");
const { timeGraphs } = require("./render.js");

const [descriptions, runs, results] = process.argv.slice(2);
timeGraphs(engine, JSON.parse(fs.readFileSync(descriptions, "utf8")), Number(runs)).then(
    (found) => {
        fs.writeFileSync(results, JSON.stringify(found));
        process.exit(0);
    },
);
