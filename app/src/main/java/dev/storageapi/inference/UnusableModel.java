package dev.storageapi.inference;

/** Why a model cannot serve, in words for the people who run the service. */
final class UnusableModel extends Exception {

  private static final long serialVersionUID = 1L;

  UnusableModel(String reason) {
    super(reason, null, false, false);
  }
}
