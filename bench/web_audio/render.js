// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Renders graphs of the format audiograph/1 with an engine's own Web Audio and tells how long that
// took. It runs in pages and in Node alike; `engine` has the classes of Web Audio.
"use strict";

function camelCase(name) {
    return name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
}

function className(type) {
    const special = { iir_filter: "IIRFilterNode", buffer_source: "AudioBufferSourceNode" };
    const camel = camelCase(type);
    return special[type] || camel[0].toUpperCase() + camel.slice(1) + "Node";
}

// A linear congruential generator, perhaps fading: the noise that descriptions ask for.
function noise(entry, channel) {
    const gen = entry.gen;
    const data = new Float32Array(entry.frames);
    let state = (gen.seed + 7919 * channel) >>> 0;
    for (let i = 0; i < data.length; ++i) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        const fade = gen.halvings ? Math.pow(2, (-gen.halvings * i) / data.length) : 1;
        data[i] = gen.amplitude * (state / 2147483648 - 1) * fade;
    }
    return data;
}

function makeBuffer(context, entry) {
    const buffer = context.createBuffer(entry.channels, entry.frames, entry.sample_rate);
    for (let c = 0; c < entry.channels; ++c) {
        const data = entry.data ? Float32Array.from(entry.data[c]) : noise(entry, c);
        buffer.copyToChannel(data, c);
    }
    return buffer;
}

function makeWave(engine, context, entry) {
    return new engine.PeriodicWave(context, {
        real: entry.real,
        imag: entry.imag,
        disableNormalization: !!entry.disable_normalization,
    });
}

function makeNode(engine, context, entry, buffers, waves) {
    const options = {};
    for (const [name, value] of Object.entries(entry.options || {})) {
        if (name === "buffer") options.buffer = buffers[value];
        else if (name === "periodic_wave") options.periodicWave = waves[value];
        else if (name === "curve") options.curve = Float32Array.from(value);
        else options[camelCase(name)] = value;
    }
    return new engine[className(entry.type)](context, options);
}

function findParam(node, name) {
    return node[name === "q" ? "Q" : camelCase(name)];
}

function setParam(node, name, given) {
    const param = findParam(node, name);
    const entry = typeof given === "number" ? { value: given } : given;
    if (entry.automation_rate) param.automationRate = entry.automation_rate;
    if (entry.value !== undefined) param.value = entry.value;
    for (const event of entry.events || []) {
        const args = event.args.map((arg) => (Array.isArray(arg) ? Float32Array.from(arg) : arg));
        param[camelCase(event.method)](...args);
    }
}

function build(engine, context, desc) {
    const made = (entries, make) =>
        Object.fromEntries(Object.entries(entries || {}).map(([id, entry]) => [id, make(entry)]));
    const buffers = made(desc.buffers, (entry) => makeBuffer(context, entry));
    const waves = made(desc.waves, (entry) => makeWave(engine, context, entry));
    const nodes = { destination: context.destination, listener: context.listener };
    for (const entry of desc.nodes)
        nodes[entry.id] =
            nodes[entry.type] || makeNode(engine, context, entry, buffers, waves);
    for (const entry of desc.nodes)
        for (const [name, given] of Object.entries(entry.params || {}))
            setParam(nodes[entry.id], name, given);
    for (const entry of desc.connections || []) {
        const to = nodes[entry.to];
        if (entry.param) nodes[entry.from].connect(findParam(to, entry.param), entry.output || 0);
        else nodes[entry.from].connect(to, entry.output || 0, entry.input || 0);
    }
    for (const entry of desc.nodes)
        for (const call of entry.schedule || []) nodes[entry.id][call.op](...call.args);
    return nodes; // To be kept until the render is over.
}

// Renders a graph once; only the rendering is timed.
async function timeGraph(engine, desc) {
    const context = new engine.OfflineAudioContext(desc.channels, desc.length, desc.sample_rate);
    const nodes = build(engine, context, desc);
    const start = performance.now();
    const buffer = await context.startRendering();
    const seconds = (performance.now() - start) / 1000;
    const data = buffer.getChannelData(0);
    const sum = data.reduce((total, sample) => total + sample * sample, 0);
    return { seconds, rms: Math.sqrt(sum / data.length), n_nodes: Object.keys(nodes).length };
}

// Renders each graph a number of times, and returns the quickest of each.
async function timeGraphs(engine, descs, runs) {
    const results = {};
    for (const desc of descs) {
        try {
            const all = [];
            for (let i = 0; i < runs; ++i) all.push(await timeGraph(engine, desc));
            results[desc.id] = all.reduce((a, b) => (b.seconds < a.seconds ? b : a));
        } catch (error) {
            results[desc.id] = { error: String((error && error.message) || error) };
        }
    }
    return results;
}

if (typeof module !== "undefined") module.exports = { timeGraphs };
