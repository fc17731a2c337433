package dev.storageapi.http;

/** Errors on threads whose executor or library would keep them to itself. */
public final class Uncaught {

  private Uncaught() {}

  /** Tells of an error as if the thread had died of it: without memory the process is to end. */
  public static void tell(Error error) {
    Thread thread = Thread.currentThread();
    thread.getUncaughtExceptionHandler().uncaughtException(thread, error);
  }
}
