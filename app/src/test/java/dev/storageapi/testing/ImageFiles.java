package dev.storageapi.testing;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Files of images, as encoders write them, and as nobody does. */
public final class ImageFiles {

  private static final String PNG = "\u0089PNG\r\n\u001a\n";

  private ImageFiles() {}

  /** One of each kind that the JDK writes, by a name for people. */
  public static Map<String, byte[]> ofAllKinds() {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("rgb.png", write("png", colourful(13, 9, BufferedImage.TYPE_3BYTE_BGR)));
    files.put("rgba.png", write("png", colourful(13, 9, BufferedImage.TYPE_4BYTE_ABGR)));
    files.put("grey.png", write("png", colourful(13, 9, BufferedImage.TYPE_BYTE_GRAY)));
    files.put("grey16.png", write("png", colourful(13, 9, BufferedImage.TYPE_USHORT_GRAY)));
    files.put("palette.png", write("png", colourful(13, 9, BufferedImage.TYPE_BYTE_INDEXED)));
    files.put("bits.png", write("png", colourful(13, 9, BufferedImage.TYPE_BYTE_BINARY)));
    files.put("interlaced.png", progressive("png", colourful(13, 9, BufferedImage.TYPE_3BYTE_BGR)));
    files.put("rgb.jpeg", write("jpeg", colourful(23, 17, BufferedImage.TYPE_3BYTE_BGR)));
    files.put("grey.jpeg", write("jpeg", colourful(23, 17, BufferedImage.TYPE_BYTE_GRAY)));
    files.put(
        "progressive.jpeg", progressive("jpeg", colourful(23, 17, BufferedImage.TYPE_3BYTE_BGR)));
    files.put("exif.jpeg", oriented(files.get("rgb.jpeg"), 6));
    files.put("palette.gif", sequential("gif", colourful(13, 9, BufferedImage.TYPE_BYTE_INDEXED)));
    files.put(
        "interlaced.gif", progressive("gif", colourful(13, 9, BufferedImage.TYPE_BYTE_INDEXED)));
    files.put("transparent.gif", write("gif", transparent()));
    files.put("animated.gif", animated());
    files.put("rgb.bmp", write("bmp", colourful(13, 9, BufferedImage.TYPE_3BYTE_BGR)));
    files.put("grey.bmp", write("bmp", colourful(13, 9, BufferedImage.TYPE_BYTE_GRAY)));
    files.put("bits.bmp", write("bmp", colourful(13, 9, BufferedImage.TYPE_BYTE_BINARY)));
    files.put("565.bmp", write("bmp", colourful(13, 9, BufferedImage.TYPE_USHORT_565_RGB)));
    files.put(
        "rle8.bmp",
        compressed("bmp", "BI_RLE8", colourful(13, 9, BufferedImage.TYPE_BYTE_INDEXED)));
    return files;
  }

  /** An image with an edge, a gradient and noise, the same each time. */
  public static BufferedImage colourful(int width, int height, int type) {
    BufferedImage image = new BufferedImage(width, height, type);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int red = x * 255 / width;
        int green = x > y ? 200 : 20;
        int blue = (x * x * 31 + y * y * 17 + x * y * 7) & 0xff;
        int alpha = (x + 3 * y) % 256;
        image.setRGB(x, y, alpha << 24 | red << 16 | green << 8 | blue);
      }
    }
    return image;
  }

  public static BufferedImage transparent() {
    byte[] levels = {0, 80, (byte) 160, (byte) 255};
    IndexColorModel palette = new IndexColorModel(2, 4, levels, levels, levels, 2);
    BufferedImage image = new BufferedImage(6, 5, BufferedImage.TYPE_BYTE_BINARY, palette);
    for (int i = 0; i < 30; i++) {
      image.getRaster().setSample(i % 6, i / 6, 0, i % 4);
    }
    return image;
  }

  public static byte[] write(String format, BufferedImage image) {
    return write(format, image, null);
  }

  public static byte[] progressive(String format, BufferedImage image) {
    ImageWriteParam param = writer(format).getDefaultWriteParam();
    param.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
    return write(format, image, param);
  }

  /** Row by row; GIF is interlaced otherwise. */
  public static byte[] sequential(String format, BufferedImage image) {
    ImageWriteParam param = writer(format).getDefaultWriteParam();
    param.setProgressiveMode(ImageWriteParam.MODE_DISABLED);
    return write(format, image, param);
  }

  public static byte[] compressed(String format, String type, BufferedImage image) {
    ImageWriteParam param = writer(format).getDefaultWriteParam();
    param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
    param.setCompressionType(type);
    return write(format, image, param);
  }

  private static ImageWriter writer(String format) {
    return ImageIO.getImageWritersByFormatName(format).next();
  }

  private static byte[] write(String format, BufferedImage image, ImageWriteParam param) {
    ImageWriter writer = writer(format);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
      writer.setOutput(stream);
      writer.write(null, new IIOImage(image, null, null), param);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      writer.dispose();
    }
    return out.toByteArray();
  }

  /** Three frames, of which the later ones are other images. */
  public static byte[] animated() {
    ImageWriter writer = writer("gif");
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
      writer.setOutput(stream);
      writer.prepareWriteSequence(null);
      for (int i = 0; i < 3; i++) {
        BufferedImage image = colourful(13, 9 - i, BufferedImage.TYPE_BYTE_INDEXED);
        writer.writeToSequence(new IIOImage(image, null, delayed(writer, image)), null);
      }
      writer.endWriteSequence();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      writer.dispose();
    }
    return out.toByteArray();
  }

  private static IIOMetadata delayed(ImageWriter writer, BufferedImage image) throws IOException {
    IIOMetadata metadata = writer.getDefaultImageMetadata(new ImageTypeSpecifier(image), null);
    IIOMetadataNode root =
        (IIOMetadataNode) metadata.getAsTree(metadata.getNativeMetadataFormatName());
    IIOMetadataNode control =
        (IIOMetadataNode) root.getElementsByTagName("GraphicControlExtension").item(0);
    control.setAttribute("delayTime", "10");
    metadata.setFromTree(metadata.getNativeMetadataFormatName(), root);
    return metadata;
  }

  /** A JPEG with an Exif segment as cameras write it. */
  public static byte[] oriented(byte[] jpeg, int orientation) {
    ByteBuffer tiff = ByteBuffer.allocate(26).order(ByteOrder.LITTLE_ENDIAN);
    tiff.put("II*\0".getBytes(StandardCharsets.ISO_8859_1)).putInt(8).putShort((short) 1);
    tiff.putShort((short) 0x0112).putShort((short) 3).putInt(1).putInt(orientation).putInt(0);
    return withSegment(
        jpeg, 0xe1, concat("Exif\0\0".getBytes(StandardCharsets.ISO_8859_1), tiff.array()));
  }

  /** A JPEG with one more segment, at its beginning. */
  public static byte[] withSegment(byte[] jpeg, int marker, byte[] content) {
    ByteBuffer segment = ByteBuffer.allocate(4 + content.length);
    segment.put((byte) 0xff).put((byte) marker).putShort((short) (content.length + 2)).put(content);
    return concat(new byte[] {jpeg[0], jpeg[1]}, segment.array(), slice(jpeg, 2, jpeg.length));
  }

  /** A PNG of rows without a filter, each as the file has it. */
  public static byte[] png(
      int width, int height, int depth, int colour, byte[] rows, byte[]... before) {
    return concat(
        PNG.getBytes(StandardCharsets.ISO_8859_1),
        ihdr(width, height, depth, colour),
        concat(before),
        chunk("IDAT", deflated(rows)),
        chunk("IEND"));
  }

  public static byte[] ihdr(int width, int height, int depth, int colour) {
    ByteBuffer header = ByteBuffer.allocate(13).putInt(width).putInt(height);
    return chunk("IHDR", header.put((byte) depth).put((byte) colour).array());
  }

  public static byte[] chunk(String type, byte... data) {
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    CRC32 sum = new CRC32();
    sum.update(name);
    sum.update(data);
    ByteBuffer chunk = ByteBuffer.allocate(12 + data.length);
    return chunk.putInt(data.length).put(name).put(data).putInt((int) sum.getValue()).array();
  }

  public static byte[] deflated(byte[] data) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (DataOutputStream deflater = new DataOutputStream(new DeflaterOutputStream(out))) {
      deflater.write(data);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  /** A GIF of a black and white image; the codes are 3 bits at first. */
  public static byte[] gif(int screen, int width, int height, byte[] blocks) {
    ByteBuffer gif = ByteBuffer.allocate(31 + blocks.length + 1).order(ByteOrder.LITTLE_ENDIAN);
    gif.put("GIF89a".getBytes(StandardCharsets.US_ASCII)).putShort((short) screen);
    gif.putShort((short) screen).put((byte) 0x80).putShort((short) 0);
    gif.put(new byte[] {0, 0, 0, -1, -1, -1}).put((byte) 0x2c).putInt(0);
    gif.putShort((short) width).putShort((short) height).put((byte) 0).put((byte) 2);
    return gif.put(blocks).put((byte) 0x3b).array();
  }

  /** The blocks of a GIF that hold these bytes. */
  public static byte[] blocks(byte[] data) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < data.length; i += 255) {
      int length = Math.min(255, data.length - i);
      out.write(length);
      out.write(data, i, length);
    }
    out.write(0);
    return out.toByteArray();
  }

  public static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  public static byte[] slice(byte[] bytes, int from, int to) {
    return Arrays.copyOfRange(bytes, from, to);
  }
}
