using System.Text;
using Mfn.Client.Files;

namespace Mfn.Cli.Output;

/// <summary>
/// Standard error, which may be closed or full: then what goes there is lost, and the command and its exit code are what they would have been.
/// </summary>
internal static class StandardError
{
    /// <summary>A writer to it, which the console has from now on; every write arrives at once.</summary>
    public static TextWriter Open()
    {
        var writer = TextWriter.Synchronized(new StreamWriter(new Lenient(StandardStreams.IsErrorClosed ? Stream.Null : Console.OpenStandardError()), new UTF8Encoding(false)) { AutoFlush = true });
        Console.SetError(writer);
        return writer;
    }

    private sealed class Lenient(Stream stream) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            try
            {
                stream.Write(buffer);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // There is nowhere left to say so.
            }
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
