"""Predictions, and the objectives: what is promised, what of the error budget is left, how fast it burns."""

from shapes import *

OURS = 'job="storage_api"'
PREDICT = f'{OURS},path="/predict"'
WINDOWS = ["5m", "30m", "1h", "6h", "3d"]
BUDGET = 'slo:error_budget:ratio{slo=~"$slo"}'


def average(histogram):
    return (f"sum(rate({histogram}_sum{{{OURS}}}[$__rate_interval]))"
            f" / (sum(rate({histogram}_count{{{OURS}}}[$__rate_interval])) > 0)")


BOARD = board(
    "storage-inference", "5 Inference and objectives",
    "Whether images are read, fast enough and surely enough, and how the service stands against its objectives.",

    row("Does the model answer, and in time?"),
    stat("Model", "Whether each replica has a model to ask. Without one its /predict answers 503.", "none",
         now(f"min(model_loaded{{{OURS}}})", "model"), mappings=states(_1=("loaded", "green"), _0=("missing", "red")),
         steps=[RED, (1, GREEN)]),
    stat("Predictions a second", "Images that were given a class, now.", "cps",
         prom(f"sum(rate(model_predictions_total{{{OURS}}}[$__rate_interval]))", "predictions"), steps=[BLUE]),
    stat("Within 300 ms", "Share of the predictions that took at most 300 ms, now. The objective is 99 % over 7 days.",
         "percentunit",
         prom(f'sum(rate(http_request_duration_seconds_bucket{{{PREDICT},status="200",le="0.3"}}[$__rate_interval]))'
              f' / (sum(rate(http_request_duration_seconds_count{{{PREDICT},status="200"}}[$__rate_interval])) > 0)'
              " or vector(1)", "within 300 ms"), steps=[RED, (0.95, ORANGE), (0.99, GREEN)], decimals=2),
    stat("Got none", "Share of the requests that got no prediction, whoever was to blame.", "percentunit",
         prom(ratio(f"sum(rate(model_inference_errors_total{{{OURS}}}[$__rate_interval]))",
                    f"sum(rate(http_requests_total{{{PREDICT}}}[$__rate_interval]))"), "none"),
         steps=[GREEN, (0.1, ORANGE), (0.5, RED)]),
    stat("How sure", "Average probability of the class that was predicted. If it falls while the model is the same, "
         "the images have changed.", "percentunit", prom(average("prediction_confidence") + " or vector(0)", "sure"),
         steps=[RED, (0.5, ORANGE), (0.8, GREEN)]),
    stat("Images waiting", "The most that waited for a worker.", "none",
         prom(f"sum(max_over_time(inference_queue_size{{{OURS}}}[$__rate_interval]))", "waiting"),
         steps=[GREEN, (4, ORANGE), (12, RED)]),

    row("Objectives: is what was promised kept?"),
    gauge("Error budget left", "What the objective still allows to fail: 100 % is untouched, at 0 % it is used up. Availability counts 30 days, the latency of predictions 7. While DELETE answers 500, "
          "availability's is used up within a day.", "percentunit",
          now('clamp_min(1 - slo:error_budget_spent:ratio{slo=~"$slo"}, 0)', "{{slo}}"), w=6, h=8,
          steps=[RED, (0.1, ORANGE), (0.5, GREEN)]),
    graph("Failing share", "Share of the requests of the last five minutes that failed what each objective asks, and "
          "the share that it allows in the long run.", "percentunit",
          prom('slo:errors:ratio_rate5m{slo=~"$slo"}', "{{slo}}"), prom(BUDGET, "{{slo}} allows"), w=8),
    graph("How fast the budget burns", "1 uses the budget up exactly by the end of its window; 14.4 would use up a "
          "fiftieth of 30 days' within an hour. The short windows say whether it still burns, the long ones whether "
          "it matters. Alerts: 14.4 and 6 wake somebody, 1 is work for tomorrow.", "none",
          *[prom(f'slo:errors:ratio_rate{window}{{slo=~"$slo"}} / on (slo) {BUDGET}', f"{{{{slo}}}} over {window}")
            for window in WINDOWS], w=10, limit=True, steps=[GREEN, (1, ORANGE), (14.4, RED)]),

    row("Predictions"),
    graph("Time of a request", "50, 95 and 99 of 100 predictions are faster than this, from the head of the request to "
          "the last byte. Each dot is a single one: point at it and choose \"Open trace\".", "s",
          *quantiles(f'rate(http_request_duration_seconds{{{PREDICT},status="200"}}[$__rate_interval])',
                     0.5, 0.95, 0.99), w=8, limit=True, steps=[GREEN, (0.3, RED)]),
    graph("Where the time goes", "Averages: waiting for a worker, and the run of the model. The rest of a request is "
          "reading and decoding the image.", "s",
          prom(average("inference_queue_duration_seconds"), "waiting"),
          prom(average("model_inference_duration_seconds"), "run of the model"), w=8),
    graph("Why there was none", "Requests a second without a prediction, by why. The first five are the client's "
          "doing; \"queue_full\", \"timeout\", \"no_model\" and \"model_failed\" are ours.", "reqps",
          prom(f"sum by (reason) (rate(model_inference_errors_total{{{OURS}}}[$__rate_interval]))", "{{reason}}"), w=8),
    graph("What the images show", "Predictions a second by class. A class that takes over is either news or a fault.",
          "cps", prom(f"sum by (class) (rate(model_predictions_total{{{OURS}}}[$__rate_interval]))", "{{class}}"),
          stacked=True, w=8),
    graph("How sure, by class", "Average probability of each class where it was predicted.", "percentunit",
          prom(f"sum by (class) (rate(prediction_confidence_sum{{{OURS}}}[$__rate_interval]))"
               f" / (sum by (class) (rate(prediction_confidence_count{{{OURS}}}[$__rate_interval])) > 0)",
               "{{class}}"), w=8, max=1),
    graph("Memory and size", "By how much each process grew with the model, at most, and the average size of an image "
          "file.", "bytes", prom(f"max by (model) (model_memory_bytes{{{OURS}}})", "model {{model}}"),
          prom(average("image_size_bytes"), "an image"), w=8, log=True),

    variables=[choice("slo", "Objective", "label_values(slo:objective:ratio, slo)")],
    shown="now-1h",
)
