package dev.storageapi.faults;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.sun.net.httpserver.Filter;
import com.sun.net.httpserver.HttpExchange;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Traps of the JDK's server that are dealt with by never using what springs them. */
final class ServerTrapsTest {

  private final JavaClasses product =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.storageapi");

  @Test
  void nobodyUsesTheAttributesThatAllExchangesShare() {
    noClasses()
        .should()
        .callMethod(HttpExchange.class, "setAttribute", String.class, Object.class)
        .orShould()
        .callMethod(HttpExchange.class, "getAttribute", String.class)
        .check(product);
  }

  @Test
  void nobodyClosesAnExchangeBare() {
    noClasses().should().callMethod(HttpExchange.class, "close").check(product);
  }

  @Test
  void nobodyUsesTheServersFiltersWhichSeeNoExceptions() {
    noClasses().should().dependOnClassesThat().areAssignableTo(Filter.class).check(product);
  }
}
