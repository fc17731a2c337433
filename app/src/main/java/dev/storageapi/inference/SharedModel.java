package dev.storageapi.inference;

/**
 * A model and how many use it: a newer one may take its place while requests are still under way
 * with this one, which is closed by the last of them.
 */
final class SharedModel {

  private final OnnxModel model;
  private int users = 1; // its owner

  SharedModel(OnnxModel model) {
    this.model = model;
  }

  OnnxModel model() {
    return model;
  }

  /**
   * Takes it for a while: to be called by its owner, or under the same lock as {@link #release}.
   */
  synchronized void acquire() {
    users++;
  }

  /** Gives it back; it is closed with the last user. */
  synchronized void release() {
    users--;
    if (users == 0) {
      model.close();
    }
  }
}
