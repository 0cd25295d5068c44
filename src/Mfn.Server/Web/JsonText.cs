using System.Buffers;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Rpc;

namespace Mfn.Server.Web;

/// <summary>Writes messages as JSON: fields by the names that the contracts, their problems and the commands' JSON have, with those that are 0 or empty.</summary>
internal static class JsonText
{
    // Details of errors are messages of any type.
    private static readonly JsonFormatter Formatter = new(
        JsonFormatter.Settings.Default.WithFormatDefaultValues(true).WithPreserveProtoFieldNames(true).WithTypeRegistry(TypeRegistry.FromFiles(ErrorDetailsReflection.Descriptor)));

    /// <summary>Writes a message on one line.</summary>
    public static void Write(IMessage message, IBufferWriter<byte> to)
    {
        using var writer = new Utf8Writer(to);
        Formatter.Format(message, writer);
    }

    /// <summary>The library writes texts: without one for the whole.</summary>
    private sealed class Utf8Writer(IBufferWriter<byte> to) : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => Write([value]);

        public override void Write(string? value) => Write(value.AsSpan());

        public override void Write(ReadOnlySpan<char> buffer)
        {
            Encoding.UTF8.GetBytes(buffer, to);
        }

        public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));
    }
}
