// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/error.h"
#include "graph/control/model.h"

// Params as the control side sees them.

static pst_status automate(pst_param *param, const pst_automation *automation, pst_error *err) {
    pst_graph *graph = param->node->graph;
    const double now_s = pst_graph_now(graph);
    pst_param_timeline_forget(&param->timeline, now_s);
    const pst_status status = pst_param_timeline_automate(&param->timeline, automation, now_s, err);
    if (status != PST_OK)
        return status;
    pst_change_timeline(param);
    return pst_change_done(graph, err);
}

pst_status pst_param_automate(pst_param *param, const pst_automation *automation, pst_error *err) {
    if (automation->kind < PST_AUTOMATE_SET || automation->kind > PST_AUTOMATE_HOLD)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "kind is %d, which is none",
                        (int)automation->kind);
    pthread_mutex_lock(&param->node->graph->lock);
    const pst_status status = automate(param, automation, err);
    pthread_mutex_unlock(&param->node->graph->lock);
    return status;
}

pst_status pst_param_set_value(pst_param *param, double value, pst_error *err) {
    pst_graph *graph = param->node->graph;
    pthread_mutex_lock(&graph->lock);
    const int64_t frame = pst_graph_frame(graph);
    const pst_automation automation = {.kind = PST_AUTOMATE_SET, .value = value};
    const pst_status status = automate(param, &automation, err);
    if (status == PST_OK) {
        param->set_value = value;
        param->set_frame = frame;
    }
    pthread_mutex_unlock(&graph->lock);
    return status;
}

double pst_param_value(pst_param *param) {
    pst_graph *graph = param->node->graph;
    pthread_mutex_lock(&graph->lock);
    const int64_t frame = pst_graph_frame(graph);
    const int64_t last = frame - graph->config.quantum_frames;
    double value = param->set_value;
    if (param->set_frame != frame)
        value = pst_param_timeline_value(&param->timeline,
                                         (double)(last > 0 ? last : 0) / graph->config.rate_hz);
    pthread_mutex_unlock(&graph->lock);
    return value;
}

pst_status pst_param_set_rate(pst_param *param, pst_param_rate rate, pst_error *err) {
    if (rate != PST_RATE_A && rate != PST_RATE_K)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "rate is %d, which is none", (int)rate);
    if (rate != param->info->rate && param->info->rate_is_fixed)
        return pst_fail(err, PST_UNSUPPORTED, 0, "the rate of param %s is fixed",
                        param->info->name);
    pst_graph *graph = param->node->graph;
    pthread_mutex_lock(&graph->lock);
    const pst_param_rate old = param->rate;
    param->rate = rate;
    pst_status status = pst_change_rate(param, err);
    if (status == PST_OK)
        status = pst_change_done(graph, err);
    else
        param->rate = old;
    pthread_mutex_unlock(&graph->lock);
    return status;
}

pst_param_rate pst_param_get_rate(pst_param *param) {
    pthread_mutex_lock(&param->node->graph->lock);
    const pst_param_rate rate = param->rate;
    pthread_mutex_unlock(&param->node->graph->lock);
    return rate;
}

void pst_param_limits(const pst_param *param, double *min, double *max) PST_RT {
    *min = param->min;
    *max = param->max;
}
