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
   * Takes it for a while. Only as long as its owner has not given it back: who hands it on sees to
   * that.
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
