package dev.storageapi;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The rules that keep the house in order: docs/architecture.md. */
class ArchitectureTest {

  private static final String[] FEATURES = {
    "..storage..", "..datasets..", "..feed..", "..inference..", "..simulator.."
  };

  private final JavaClasses code =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.storageapi");

  @Test
  void featuresDoNotKnowEachOther() {
    slices()
        .matching("dev.storageapi.(storage|datasets|feed|inference|simulator)..")
        .should()
        .notDependOnEachOther()
        .check(code);
  }

  @Test
  void theGroundFloorKnowsNoFeature() {
    noClasses()
        .that()
        .resideInAnyPackage("..http..", "..telemetry..", "..operations..", "..database..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(FEATURES)
        .check(code);
  }

  @Test
  void whatMustNotWaitForTheDatabaseDoesNotKnowIt() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "..http..", "..telemetry..", "..operations..", "..storage..", "..inference..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("..database..", "java.sql..", "javax.sql..")
        .check(code);
  }

  @Test
  void onlyTheDatabaseSpeaksJdbc() {
    noClasses()
        .that()
        .resideOutsideOfPackage("..database..")
        .should()
        .dependOnClassesThat()
        .haveNameMatching("java\\.sql\\.(Connection|DriverManager|(\\w+)?Statement)")
        .check(code);
  }

  @Test
  void onlyTheModelKnowsOnnxRuntime() {
    noClasses()
        .that()
        .haveNameNotMatching("dev\\.storageapi\\.inference\\.OnnxModel(\\$.*)?")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("ai.onnxruntime..")
        .check(code);
  }

  @Test
  void onlyTheSharedStoreKnowsJedis() {
    noClasses()
        .that()
        .resideOutsideOfPackage("..storage.shared..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("redis.clients..")
        .check(code);
  }

  @Test
  void theStoreInMemoryKnowsNoOther() {
    noClasses()
        .that()
        .resideInAPackage("dev.storageapi.storage")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("..storage.shared..", "..telemetry..")
        .check(code);
  }

  @Test
  void httpKnowsNothingOfTheOtherPackages() {
    noClasses()
        .that()
        .resideInAPackage("..http..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("..telemetry..", "..operations..")
        .check(code);
  }

  @Test
  void onlyTheAdapterTouchesTheExchange() {
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName("dev.storageapi.http.ExchangeAdapter")
        .and()
        .doNotHaveFullyQualifiedName("dev.storageapi.http.Server")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("com.sun.net.httpserver..")
        .check(code);
    noClasses()
        .that()
        .haveFullyQualifiedName("dev.storageapi.http.Server")
        .should()
        .dependOnClassesThat()
        .haveSimpleName("HttpExchange")
        .check(code);
  }

  @Test
  void thereIsNoStaticMutableState() {
    fields().that().areStatic().should().beFinal().check(code);
  }

  @Test
  void nobodyButTheCompositionRootKnowsItAll() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.storageapi")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.storageapi")
        .check(code);
  }
}
