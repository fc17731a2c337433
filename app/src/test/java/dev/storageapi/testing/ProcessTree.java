package dev.storageapi.testing;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/** A process and all that it started and those started in turn. Linux only: it reads /proc. */
final class ProcessTree {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final ProcessHandle root;

  ProcessTree(ProcessHandle root) {
    this.root = root;
  }

  /** Sends a signal, such as {@code INT}, to the first process alone. */
  void signalRoot(String name) {
    signal(name, List.of(root));
  }

  /** Stops all of them where they are (SIGSTOP); returns when none runs. */
  void freeze() {
    signal("STOP", List.of(root)); // first, so that it starts no more
    awaitState(List.of(root), ProcessTree::isStopped);
    List<ProcessHandle> others = root.descendants().toList();
    signal("STOP", others);
    awaitState(others, ProcessTree::isStopped);
  }

  /** Lets all of them run on (SIGCONT). */
  void thaw() {
    signal("CONT", all());
  }

  /** Ends all of them at once (SIGKILL), the first one first; returns when none is left. */
  void kill() {
    signal("STOP", List.of(root));
    awaitState(List.of(root), ProcessTree::isStopped);
    List<ProcessHandle> all = all();
    signal("KILL", all);
    awaitState(all, ProcessTree::isGone);
  }

  /** All of them that there are now, the first one first. */
  List<ProcessHandle> all() {
    List<ProcessHandle> all = new ArrayList<>(List.of(root));
    root.descendants().forEach(all::add);
    return all;
  }

  /** Some may have ended since they were listed: what became of them is for the caller to see. */
  private static void signal(String name, List<ProcessHandle> processes) {
    List<String> words = new ArrayList<>(List.of("sh", "-c", "kill -s \"$@\"", "sh", name));
    processes.stream()
        .filter(ProcessHandle::isAlive) // or else the number may be another's by now
        .forEach(process -> words.add(Long.toString(process.pid())));
    Command.run(words);
  }

  private static void awaitState(List<ProcessHandle> processes, IntPredicate wanted) {
    await()
        .atMost(PATIENCE)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(2))
        .until(() -> processes.stream().mapToInt(ProcessTree::state).allMatch(wanted));
  }

  private static boolean isStopped(int state) {
    return state == 'T' || isGone(state);
  }

  private static boolean isGone(int state) {
    return state == 'X' || state == 'Z'; // a zombie waits for its parent, and runs no more
  }

  /** The letter of proc_pid_stat(5): R runs, S sleeps, T is stopped; X if there is no such one. */
  private static int state(ProcessHandle process) {
    try {
      String stat = Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"));
      return stat.charAt(stat.lastIndexOf(')') + 2);
    } catch (IOException e) {
      return 'X';
    }
  }
}
