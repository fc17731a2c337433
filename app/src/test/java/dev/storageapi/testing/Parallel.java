package dev.storageapi.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Several clients at once. */
public final class Parallel {

  /** One of them. */
  @FunctionalInterface
  public interface Client {
    /** Does what it has to do; {@code number} counts the clients from 0. */
    void run(int number);
  }

  private Parallel() {}

  /**
   * Runs so many, each on a thread of its own, and comes back when all have ended.
   *
   * @throws ExecutionException if one failed
   */
  public static void run(int clients, Client client)
      throws ExecutionException, InterruptedException {
    ExecutorService threads = Executors.newFixedThreadPool(clients);
    try {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < clients; i++) {
        int number = i;
        running.add(threads.submit(() -> client.run(number)));
      }
      for (Future<?> one : running) {
        one.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }
}
