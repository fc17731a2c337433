package dev.storageapi.datasets;

/**
 * A row of the table of datasets.
 *
 * @param id counts up from 1
 * @param name any text, not unique
 */
record Dataset(long id, String name) {}
