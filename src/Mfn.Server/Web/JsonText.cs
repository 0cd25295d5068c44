using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Rpc;
using Mfn.Core.Specs;

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
        using var writer = new Utf8Writer(message, to);
        Formatter.Format(message, writer);
    }

    /// <summary>The doubles of a message in the order in which the library writes them.</summary>
    private static IEnumerable<double> DoublesOf(IMessage message) => message.Descriptor.Fields.InFieldNumberOrder().SelectMany(field => field.FieldType switch
    {
        FieldType.Double when field.IsRepeated => ((IEnumerable<double>)field.Accessor.GetValue(message)),
        FieldType.Double => field.HasPresence && !field.Accessor.HasValue(message) ? [] : [(double)field.Accessor.GetValue(message)],
        FieldType.Message when field.IsRepeated => ((IEnumerable)field.Accessor.GetValue(message)).Cast<IMessage>().SelectMany(DoublesOf),
        FieldType.Message when field.Accessor.GetValue(message) is IMessage part => DoublesOf(part),
        _ => [],
    });

    /// <summary>The library writes texts: without one for the whole. Of the numbers whose texts are those of others it writes the right ones.</summary>
    private sealed class Utf8Writer(IMessage message, IBufferWriter<byte> to) : TextWriter
    {
        private Queue<double>? _misspelt;

        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => Write([value]);

        // Numbers come as a whole, what is in quotes does not.
        public override void Write(string? value) => Write((value is not null && RoundTrip.IsAmbiguous(value) ? Correct(value) : value).AsSpan());

        public override void Write(ReadOnlySpan<char> buffer)
        {
            Encoding.UTF8.GetBytes(buffer, to);
        }

        public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

        private string Correct(string text)
        {
            // The text alone does not tell which number it is.
            _misspelt ??= new(DoublesOf(message).Where(value => RoundTrip.IsAmbiguous(value.ToString("R", CultureInfo.InvariantCulture))));
            return _misspelt.TryDequeue(out var value) ? RoundTrip.Format(value) : text;
        }
    }
}
