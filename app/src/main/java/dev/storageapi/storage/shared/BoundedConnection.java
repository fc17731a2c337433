package dev.storageapi.storage.shared;

import static dev.storageapi.storage.shared.StoreFailure.Kind.FAULT;

import java.util.ArrayList;
import java.util.List;
import redis.clients.jedis.Connection;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.JedisSocketFactory;
import redis.clients.jedis.PushConsumerChain;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.util.RedisInputStream;

/**
 * A connection that refuses a value which is too large, before there is memory for it: anybody may
 * have written one under our keys. What it refuses it does not read, so it is broken then.
 */
final class BoundedConnection extends Connection {

  private static final byte VALUE = '$';
  private static final byte LIST = '*';
  private static final int NOTHING = -1;

  /** Of the answers while it logs in, which it does as it is made: {@code most} is 0 then. */
  private static final long MOST_AT_LOGIN = 64 << 10;

  private final long most;

  /**
   * Connects and logs in.
   *
   * @param most the bytes of a value, and the parts of a list
   */
  BoundedConnection(JedisSocketFactory wire, JedisClientConfig config, long most) {
    super(wire, config);
    this.most = most;
  }

  /** An answer of RESP 2: a value, a list, or what is a line. */
  @Override
  protected Object protocolRead(RedisInputStream in, PushConsumerChain pushes) {
    if (in.peek(VALUE)) {
      int length = length(in);
      return length == NOTHING ? null : value(in, length);
    }
    if (in.peek(LIST)) {
      int length = length(in);
      return length == NOTHING ? null : list(in, length, pushes);
    }
    return super.protocolRead(in, pushes);
  }

  private int length(RedisInputStream in) {
    in.readByte();
    long length = in.readLongCrLf();
    if (length < NOTHING || length > (most == 0 ? MOST_AT_LOGIN : most)) {
      throw new StoreFailure(FAULT, "it has something larger than is taken", null);
    }
    return (int) length;
  }

  private static byte[] value(RedisInputStream in, int length) {
    byte[] value = new byte[length];
    for (int have = 0; have < length; ) {
      int more = in.read(value, have, length - have);
      if (more < 0) {
        throw new JedisConnectionException("the value ends early");
      }
      have += more;
    }
    in.readByte(); // the end of the line
    in.readByte();
    return value;
  }

  private List<Object> list(RedisInputStream in, int length, PushConsumerChain pushes) {
    List<Object> parts = new ArrayList<>();
    for (int i = 0; i < length; i++) {
      parts.add(protocolRead(in, pushes));
    }
    return parts;
  }
}
