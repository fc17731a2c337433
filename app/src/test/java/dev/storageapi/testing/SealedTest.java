package dev.storageapi.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** Tests of the objects that show whether they are whole. */
final class SealedTest {

  private final String one = Sealed.object("one", 1_000);
  private final String other = Sealed.object("other", 1_000);

  @Test
  void aWholeOneHasItsName() {
    assertThat(Sealed.name(one)).isEqualTo("one");
    assertThat(Sealed.name(Sealed.object("empty", 0))).isEqualTo("empty");
  }

  @Test
  void aTornOneHasNone() {
    assertTorn("");
    assertTorn("\n");
    assertTorn(one.substring(0, 500));
    assertTorn(one + "x");
    assertTorn(one.substring(0, 500) + other.substring(502));
    assertTorn(other.substring(0, other.indexOf('\n')) + one.substring(one.indexOf('\n')));
  }

  private static void assertTorn(String object) {
    assertThatThrownBy(() -> Sealed.name(object))
        .isInstanceOf(AssertionError.class)
        .hasMessageStartingWith("torn: ");
  }
}
