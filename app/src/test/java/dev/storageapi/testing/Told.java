package dev.storageapi.testing;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** An alert as Alertmanager tells a webhook of it; its name is its fingerprint. */
public final class Told {

  private static final JsonMapper JSON = new JsonMapper();

  private final ObjectNode alert = JSON.createObjectNode();

  private Told(String name) {
    alert.put("status", "firing");
    alert.putObject("labels").put("alertname", name);
    alert.putObject("annotations");
    alert.put("startsAt", "2026-11-21T07:50:00Z");
    alert.put("endsAt", "0001-01-01T00:00:00Z");
    alert.put("generatorURL", "");
    alert.put("fingerprint", name.length() > 64 ? name.substring(0, 64) : name);
  }

  /** One that fires since 07:50:00 UTC. */
  public static Told alert(String name) {
    return new Told(name);
  }

  /** The body of a notification. */
  public static String notification(Told... alerts) {
    ObjectNode body = JSON.createObjectNode();
    body.put("receiver", "page").put("status", "firing");
    ArrayNode all = body.putArray("alerts");
    for (Told told : alerts) {
      all.add(told.alert);
    }
    body.putObject("groupLabels");
    body.putObject("commonLabels");
    body.putObject("commonAnnotations");
    body.put("externalURL", "http://localhost:9093").put("version", "4");
    body.put("groupKey", "{}:{}").put("truncatedAlerts", 0);
    return body.toString();
  }

  public Told severity(String severity) {
    return label("severity", severity);
  }

  public Told label(String name, String value) {
    ((ObjectNode) alert.get("labels")).put(name, value);
    return this;
  }

  public Told annotation(String name, String value) {
    ((ObjectNode) alert.get("annotations")).put(name, value);
    return this;
  }

  public Told generator(String url) {
    alert.put("generatorURL", url);
    return this;
  }

  public Told since(String time) {
    alert.put("startsAt", time);
    return this;
  }

  public Told resolved(String time) {
    alert.put("status", "resolved").put("endsAt", time);
    return this;
  }
}
