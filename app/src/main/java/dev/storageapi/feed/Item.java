package dev.storageapi.feed;

import java.time.Instant;

/**
 * One thing that the upstream had.
 *
 * @param id what the upstream calls it: 1 to 255 characters that fit into one path segment
 * @param title 1 to 1000 characters
 * @param publishedAt in microseconds, of the years 1 to 9999
 * @param data the upstream's own object, the very text that came: JSON in which each number has the
 *     digits that it was sent with
 */
record Item(String id, String title, Instant publishedAt, String data) {}
