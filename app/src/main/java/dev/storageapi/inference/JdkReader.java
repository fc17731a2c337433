package dev.storageapi.inference;

import java.io.IOException;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStreamImpl;

/**
 * The JDK's own readers of images, never one that a library brings along. What they are given has
 * been looked at before: a header that says how large the image is, and nothing that they would
 * unpack, open or hand on. May be used by several threads.
 */
enum JdkReader {
  PNG,
  JPEG,
  BMP;

  /**
   * Decodes an image.
   *
   * @param width as its header says
   * @param height likewise
   * @throws NotPredicted if it is broken
   */
  Picture read(Bytes in, int width, int height, Picture.Limits limits) {
    ImageReader reader = reader();
    try (Input input = new Input(in)) {
      reader.setInput(input, true, true);
      ImageReadParam param = reader.getDefaultReadParam();
      param.setSourceSubsampling(limits.step(width), limits.step(height), 0, 0);
      return Pixels.picture(reader.read(0, param), width, height);
    } catch (IOException | RuntimeException | StackOverflowError | InternalError e) {
      // The reader of PNG wraps whatever is thrown.
      if (e.getCause() instanceof OutOfMemoryError memory) {
        throw memory;
      }
      throw Bytes.broken("it is damaged, or of a kind that is not read");
    } finally {
      reader.dispose();
    }
  }

  private ImageReader reader() {
    for (Iterator<ImageReader> all = ImageIO.getImageReadersByFormatName(name()); all.hasNext(); ) {
      ImageReader reader = all.next();
      if (reader.getClass().getModule() == ImageIO.class.getModule()) {
        return reader;
      }
      reader.dispose();
    }
    throw new IllegalStateException("This Java has no reader of " + name() + ".");
  }

  /** The bytes as the readers want them: no copy, no file. */
  private static final class Input extends ImageInputStreamImpl {

    private final Bytes in;

    Input(Bytes in) {
      this.in = in;
    }

    @Override
    public int read() throws IOException {
      checkClosed();
      bitOffset = 0;
      return streamPos < in.length() ? in.at((int) streamPos++) : -1;
    }

    @Override
    public int read(byte[] to, int offset, int length) throws IOException {
      checkClosed();
      bitOffset = 0;
      int count = (int) Math.min(length, in.length() - streamPos);
      if (count <= 0) {
        return length == 0 ? 0 : -1;
      }
      in.copyTo(to, offset, (int) streamPos, count);
      streamPos += count;
      return count;
    }

    @Override
    public long length() {
      return in.length();
    }
  }
}
