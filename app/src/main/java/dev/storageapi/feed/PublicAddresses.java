package dev.storageapi.feed;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * The addresses of the public internet. Of IPv4 all but what IANA's special-purpose registry (RFC
 * 6890) keeps back; of IPv6 only what is given out as global unicast, without the blocks in it that
 * are not. An IPv4 address inside a NAT64 one (RFC 6052) is judged as itself, since networks
 * without IPv4 reach the world so; 6to4 and Teredo, which are given up (RFC 7526), are not public
 * at all.
 */
final class PublicAddresses {

  private static final List<Block> NOT_PUBLIC =
      blocks(
          "0.0.0.0/8", // this network
          "10.0.0.0/8", // private, RFC 1918
          "100.64.0.0/10", // shared by the customers of a carrier, RFC 6598
          "127.0.0.0/8", // loopback
          "169.254.0.0/16", // link-local, where clouds keep their metadata, RFC 3927
          "172.16.0.0/12", // private
          "192.0.0.0/24", // protocol assignments
          "192.0.2.0/24", // documentation, RFC 5737
          "192.88.99.0/24", // relays of 6to4, RFC 7526
          "192.168.0.0/16", // private
          "198.18.0.0/15", // benchmarks, RFC 2544
          "198.51.100.0/24", // documentation
          "203.0.113.0/24", // documentation
          "224.0.0.0/4", // multicast
          "240.0.0.0/4", // reserved, broadcast
          "2001::/23", // protocol assignments: Teredo, ORCHID, benchmarks
          "2001:db8::/32", // documentation, RFC 3849
          "2002::/16", // 6to4, RFC 3056
          "3fff::/20"); // documentation, RFC 9637

  private static final Block IPV4 = Block.of("0.0.0.0/0");
  private static final Block GLOBAL_UNICAST = Block.of("2000::/3");
  private static final Block NAT64 = Block.of("64:ff9b::/96");

  private PublicAddresses() {}

  /** Whether the address is a public one. */
  static boolean contain(InetAddress address) {
    if (NAT64.contains(address)) {
      return contain(address(Arrays.copyOfRange(address.getAddress(), 12, 16)));
    }
    return (IPV4.contains(address) || GLOBAL_UNICAST.contains(address))
        && NOT_PUBLIC.stream().noneMatch(block -> block.contains(address));
  }

  private static InetAddress address(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e); // not 4 or 16 bytes
    }
  }

  private static List<Block> blocks(String... blocks) {
    return Stream.of(blocks).map(Block::of).toList();
  }

  /** The addresses of {@code width} bits whose first {@code bits} are those of {@code prefix}. */
  private record Block(BigInteger prefix, int width, int bits) {

    static Block of(String cidr) {
      String[] parts = cidr.split("/", 2);
      try {
        byte[] network = InetAddress.getByName(parts[0]).getAddress();
        int bits = Integer.parseInt(parts[1]);
        return new Block(first(network, bits), network.length * 8, bits);
      } catch (UnknownHostException e) {
        throw new IllegalArgumentException(cidr, e);
      }
    }

    boolean contains(InetAddress address) {
      byte[] bytes = address.getAddress();
      return bytes.length * 8 == width && first(bytes, bits).equals(prefix);
    }

    private static BigInteger first(byte[] address, int bits) {
      return new BigInteger(1, address).shiftRight(address.length * 8 - bits);
    }
  }
}
