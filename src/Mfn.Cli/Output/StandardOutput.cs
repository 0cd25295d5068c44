using System.Runtime.InteropServices;
using System.Text;
using Mfn.Client.Files;

namespace Mfn.Cli.Output;

/// <summary>
/// Standard output, which knows when nobody reads it any more: then <see cref="Closed"/> is cancelled, even while nothing is written, and
/// writing throws <see cref="OperationCanceledException"/>. (The framework's own stream drops what a closed pipe does not take, so that a
/// command would go on for ever.)
/// </summary>
internal static class StandardOutput
{
    private const int Descriptor = 1;
    private const short HasError = 0x8;
    private const short HasHungUp = 0x10;
    private const int PollMilliseconds = 1000;

    // There is one a process, and it lasts as long.
    private static readonly CancellationTokenSource Source = new();

    private static bool CanPoll => !OperatingSystem.IsWindows() && !StandardStreams.IsOutputClosed && Console.IsOutputRedirected;

    /// <summary>Cancelled when whoever reads standard output has gone.</summary>
    public static CancellationToken Closed => Source.Token;

    /// <summary>A writer to it, which the console has from now on; every write arrives at once.</summary>
    public static TextWriter Open()
    {
        var writer = TextWriter.Synchronized(new StreamWriter(OpenStream(), new UTF8Encoding(false)) { AutoFlush = true });
        Console.SetOut(writer);
        if (CanPoll)
        {
            // Ends with the process.
            new Thread(AwaitReaderLeaving) { IsBackground = true, Name = "Standard output" }.Start();
        }

        return writer;
    }

    /// <summary>A stream to it, for what is no text.</summary>
    public static Stream OpenStream() => new Pipe(StandardStreams.IsOutputClosed ? null : Console.OpenStandardOutput());

    /// <summary>Whether the reader has gone.</summary>
    public static bool IsClosed()
    {
        if (!Source.IsCancellationRequested && CanPoll && HasReaderLeft(timeout: 0))
        {
            Source.Cancel();
        }

        return Source.IsCancellationRequested;
    }

    private static void AwaitReaderLeaving()
    {
        while (!HasReaderLeft(PollMilliseconds))
        {
        }

        Source.Cancel();
    }

    private static bool HasReaderLeft(int timeout)
    {
        var poll = new PollDescriptor { Descriptor = Descriptor };
        return Poll(ref poll, 1, timeout) > 0 && (poll.Events & (HasError | HasHungUp)) != 0;
    }

    [DllImport("libc", EntryPoint = "poll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Poll(ref PollDescriptor descriptors, nuint count, int timeout);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Requested;
        public short Events;
    }

    private sealed class Pipe(Stream? stream) : WriteOnlyStream
    {
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (stream is null)
            {
                throw new IOException("Standard output is closed.");
            }

            try
            {
                stream.Write(buffer);
            }
            catch (IOException) when (IsClosed())
            {
                // Said below.
            }

            if (IsClosed())
            {
                throw new OperationCanceledException("Nobody reads standard output any more.", Closed);
            }
        }

        public override void Flush() => stream?.Flush();
    }
}
