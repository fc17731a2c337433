package dev.storageapi.feed;

import java.io.ByteArrayOutputStream;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

/**
 * Collects a body up to a limit. Beyond it the connection is closed and there is no body: what has
 * been read by then is the limit and one buffer, whatever the other side means to send.
 */
final class LimitedBody implements BodySubscriber<Optional<byte[]>> {

  private final long limit;
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final CompletableFuture<Optional<byte[]>> result = new CompletableFuture<>();
  private Flow.Subscription subscription;

  private LimitedBody(long limit) {
    this.limit = limit;
  }

  /** A body of at most {@code limit} bytes. */
  static LimitedBody of(long limit) {
    return new LimitedBody(limit);
  }

  /** A body that nobody wants: not even waited for. */
  static LimitedBody unread() {
    LimitedBody body = new LimitedBody(0);
    body.result.complete(Optional.empty());
    return body;
  }

  @Override
  public CompletionStage<Optional<byte[]>> getBody() {
    return result;
  }

  @Override
  public void onSubscribe(Flow.Subscription body) {
    subscription = body;
    if (result.isDone()) {
      body.cancel();
    } else {
      body.request(1);
    }
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    buffers.forEach(this::add);
    if (result.isDone()) {
      subscription.cancel();
    } else {
      subscription.request(1);
    }
  }

  private void add(ByteBuffer buffer) {
    if (bytes.size() + (long) buffer.remaining() > limit) {
      result.complete(Optional.empty());
    } else {
      byte[] piece = new byte[buffer.remaining()];
      buffer.get(piece);
      bytes.write(piece, 0, piece.length);
    }
  }

  @Override
  public void onError(Throwable cause) {
    result.completeExceptionally(cause);
  }

  @Override
  public void onComplete() {
    result.complete(Optional.of(bytes.toByteArray()));
  }
}
