import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;

/** Ends this process with its standard input, with its parent or by a signal; then the node is closed and its folder gone. */
final class Lifeline {

    private volatile AutoCloseable node = () -> {};

    /** Promises that {@code folder} is gone when this process ends, whether a node ever started in it or not. */
    Lifeline(Path folder) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                node.close();
            } catch (Exception error) {
                error.printStackTrace();
            }
            delete(folder);
        }));
        // Where a child of the parent has inherited our standard input, it outlives the parent.
        ProcessHandle.current().parent().ifPresent(parent -> parent.onExit().thenRun(() -> System.exit(0)));
    }

    /** Says where the node can be reached and waits for the end; does not return. */
    void serve(AutoCloseable started, Object address) throws IOException {
        node = started;
        System.out.println("http://" + address);
        while (System.in.read() >= 0) {
        }
        System.exit(0);
    }

    private static void delete(Path folder) {
        try {
            Files.walkFileTree(folder, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.deleteIfExists(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException error) {
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path directory, IOException error) throws IOException {
                    Files.deleteIfExists(directory);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException error) {
            error.printStackTrace();
        }
    }
}
