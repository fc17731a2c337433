package dev.storageapi.feed;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PublicAddressesTest {

  /** Each block by its first and last address, and what lies next to it outside. */
  @ParameterizedTest
  @CsvSource(
      value = {
        "0.0.0.0         0.255.255.255   -               1.0.0.0",
        "10.0.0.0        10.255.255.255  9.255.255.255   11.0.0.0",
        "100.64.0.0      100.127.255.255 100.63.255.255  100.128.0.0",
        "127.0.0.0       127.255.255.255 126.255.255.255 128.0.0.0",
        "169.254.0.0     169.254.255.255 169.253.255.255 169.255.0.0",
        "172.16.0.0      172.31.255.255  172.15.255.255  172.32.0.0",
        "192.0.0.0       192.0.0.255     191.255.255.255 192.0.1.0",
        "192.0.2.0       192.0.2.255     192.0.1.255     192.0.3.0",
        "192.88.99.0     192.88.99.255   192.88.98.255   192.88.100.0",
        "192.168.0.0     192.168.255.255 192.167.255.255 192.169.0.0",
        "198.18.0.0      198.19.255.255  198.17.255.255  198.20.0.0",
        "198.51.100.0    198.51.100.255  198.51.99.255   198.51.101.0",
        "203.0.113.0     203.0.113.255   203.0.112.255   203.0.114.0",
        "224.0.0.0       255.255.255.255 223.255.255.255 -",
        "2001::          2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff 2000:: 2001:200::",
        "2001:db8::      2001:db8:ffff:ffff:ffff:ffff:ffff:ffff 2001:db7::1 2001:db9::",
        "2002::          2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2001:ffff::1 2003::",
        "3fff::          3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff 3ffe::1 3fff:1000::",
        "::              1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff - 2000::",
        "4000::          ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 3fff:ffff::1 -"
      },
      delimiter = ' ',
      ignoreLeadingAndTrailingWhitespace = true,
      nullValues = "-")
  void aBlockIsNotPublicFromItsFirstAddressToItsLast(
      String first, String last, String before, String after) throws UnknownHostException {
    assertThat(isPublic(first)).isFalse();
    assertThat(isPublic(last)).isFalse();
    for (String outside : new String[] {before, after}) {
      assertThat(outside == null || isPublic(outside)).as(outside).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1",
        "169.254.169.254", // where clouds keep their metadata
        "100.100.100.200", // and one more of them
        "192.0.0.192",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1", // IPv4-compatible
        "::8.8.8.8",
        "::ffff:127.0.0.1", // IPv4-mapped
        "::ffff:10.0.0.1",
        "::ffff:0:127.0.0.1", // IPv4-translated
        "64:ff9b::127.0.0.1", // NAT64
        "64:ff9b::10.1.2.3",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::8.8.8.8", // NAT64 of somebody's own
        "100::1", // to be discarded
        "2001:0:7f00:1::", // Teredo by an inner server
        "2001:0:4136:e378:8000:63bf:80ff:fffe", // Teredo of 127.0.0.1
        "2001:2::1", // benchmarks
        "2001:20::1", // ORCHID
        "2002:7f00:1::", // 6to4 of 127.0.0.1
        "2002:c0a8:1::1", // 6to4 of 192.168.0.1
        "5f00::1", // segment routing
        "fc00::1", // unique local
        "fd00:ec2::254", // where a cloud keeps its metadata
        "fe80::1", // link-local
        "febf::1",
        "fec0::1", // site-local
        "ff02::1" // multicast
      })
  void whatIsSpecialIsNotPublic(String address) throws UnknownHostException {
    assertThat(isPublic(address)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1.1.1.1",
        "8.8.8.8",
        "140.82.121.6",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2001:4860:4860::8888",
        "2606:4700::1111",
        "2a00:1450:4001:80e::200e"
      })
  void theRestIsPublic(String address) throws UnknownHostException {
    assertThat(isPublic(address)).isTrue();
  }

  @Test
  void aMappedAddressIsJudgedEvenWhereItStaysOfSixteenBytes() throws UnknownHostException {
    byte[] mapped = InetAddress.getByName("2000::").getAddress();
    mapped[0] = 0;
    mapped[10] = (byte) 0xff;
    mapped[11] = (byte) 0xff;
    mapped[12] = 127;
    InetAddress address = Inet6Address.getByAddress("x", mapped, 0);

    assertThat(address.getAddress()).hasSize(16);
    assertThat(PublicAddresses.contain(address)).isFalse();
  }

  private static boolean isPublic(String address) throws UnknownHostException {
    return PublicAddresses.contain(InetAddress.getByName(address));
  }
}
