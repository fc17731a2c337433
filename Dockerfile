# The image of the service. What is in it, and why: docs/image.md

FROM maven:3.9-eclipse-temurin-25 AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/m2 \
    mvn -B -ntp -q -Dmaven.repo.local=/m2 package -pl app -am -Dmaven.test.skip -Dassembly.skipAssembly
# ONNX Runtime's jar has machine code for four kinds of machines. What is of no use here is 34 MB.
RUN set -e; \
    case $(uname -m) in x86_64) kind=linux-x64 ;; *) kind=linux-$(uname -m) ;; esac; \
    jar=$(echo /src/app/target/lib/onnxruntime-*.jar); \
    mkdir /tmp/onnx; cd /tmp/onnx; \
    jar --extract --file "$jar"; \
    cd ai/onnxruntime/native; for other in *; do [ "$other" = "$kind" ] || rm -r "$other"; done; cd /tmp/onnx; \
    jar --create --file "$jar" --date 2025-01-01T00:00:00Z --manifest META-INF/MANIFEST.MF .
# One time for all files, so that equal files make equal layers.
RUN cd app/target && find lib storage-api.jar storage-api-bom.json -exec touch --date=2025-01-01T00:00:00Z {} +

# A runtime of the modules that are used. What jdeps does not tell, or tells of what is not used:
#   java.desktop        decodes images; the database's drivers and Jackson need its beans
#   java.naming         Logback and the pool refer to it when they start
#   java.security.jgss  PostgreSQL's gssEncMode
#   jdk.unsupported     sun.misc.Unsafe, of protobuf and OpenTelemetry
# Not in it, though H2 refers to them: java.compiler, java.instrument, java.scripting (functions and triggers in source
# code, its profiler) and jdk.net (its own server). TLS needs no module of its own: elliptic curves are in java.base.
#
# The options stand before JAVA_TOOL_OPTIONS, which therefore win. The JVM's warnings go to standard error: on
# standard output are log lines alone. The cache is mapped where it was made for (ArchiveRelocationMode=0): elsewhere
# every start patches 20 MB of it, which then are its own.
FROM eclipse-temurin:25-jdk AS jre
RUN jlink --output /jre --compress zip-6 --no-header-files --no-man-pages --strip-java-debug-attributes \
      --add-modules java.desktop,java.management,java.naming,java.net.http,java.security.jgss,java.sql,jdk.httpserver,jdk.management,jdk.unsupported \
      --add-options '-XX:+UseSerialGC -Xms16m -XX:MaxRAMPercentage=50 -XX:+ExitOnOutOfMemoryError -XX:-UsePerfData -XX:+ErrorFileToStderr -Xlog:disable -Xlog:all=warning:stderr -XX:+UnlockDiagnosticVMOptions -XX:ArchiveRelocationMode=0 --sun-misc-unsafe-memory-access=allow' \
    && find /jre -exec touch --date=2025-01-01T00:00:00Z {} +

FROM debian:bookworm-slim AS layout
RUN groupadd --gid 10001 storage-api \
    && useradd --uid 10001 --gid 10001 --no-log-init --no-create-home --home-dir /data --shell /usr/sbin/nologin storage-api \
    && install -d -o 10001 -g 10001 /data \
    && find / -xdev -type f -perm /6000 -exec chmod a-s {} +
COPY --from=jre /jre /app/jre
COPY --from=build /src/app/target/lib /app/lib
COPY --from=build /src/app/target/storage-api.jar /app/
COPY --chmod=0755 image/health /app/bin/
# Two arenas: glibc's eight for each core cost memory. Two reticulations of 80 MiB do not fit into 256 MB.
ENV LANG=C.UTF-8 MALLOC_ARENA_MAX=2 DATABASE_URL=jdbc:h2:file:/data/storage INFERENCE_NATIVE_DIR=/app/native \
    DATASETS_RETICULATE_MEMORY=16MiB

FROM layout AS train
COPY image/train /tmp/
RUN install -d -o 10001 -g 10001 /app/native
USER 10001:10001
RUN bash /tmp/train /tmp/storage-api.aot && rm -f /app/native/.lock

FROM layout
COPY --from=build --chmod=0644 /src/app/target/storage-api-bom.json /src/LICENSE /app/
COPY --from=train --chown=0:0 /app/native /app/native
COPY --from=train --chown=0:0 --chmod=0644 /tmp/storage-api.aot /app/
LABEL org.opencontainers.image.title="storage-api" \
      org.opencontainers.image.description="A Storage API that is observable end to end" \
      org.opencontainers.image.version="1.0.0" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="debian:bookworm-slim"
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 5000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 CMD ["/app/bin/health"]
ENTRYPOINT ["/app/jre/bin/java", "-XX:AOTCache=/app/storage-api.aot", "-jar", "/app/storage-api.jar"]
CMD ["serve"]
