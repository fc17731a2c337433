package dev.storageapi;

import dev.storageapi.datasets.Reticulation;
import java.time.Duration;

/** Pages of datasets, and what a reticulation costs. */
record DatasetsConfig(int maxPage, Reticulation.Cost reticulation) {

  static DatasetsConfig read(Settings settings) {
    return new DatasetsConfig(
        settings.number("DATASETS_MAX_PAGE", 1000, 1, 10_000, "The most datasets of a page"),
        new Reticulation.Cost(
            settings.duration(
                "DATASETS_RETICULATE_CPU", "3s", Duration.ZERO, "How long it burns a core"),
            settings.size("DATASETS_RETICULATE_MEMORY", "80MiB", 0, "What it holds of the heap"),
            settings.duration(
                "DATASETS_RETICULATE_PAUSE", "2s", Duration.ZERO, "How long it waits then"),
            settings.number(
                "DATASETS_RETICULATE_MAX",
                2,
                0,
                100,
                "The most at once; one more is answered 503")));
  }

  /** The longest time that a reticulation takes. */
  Duration longest() {
    return reticulation.cpu().plus(reticulation.pause());
  }
}
