using System.Buffers;
using System.Collections;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Texts;

namespace Mfn.Server.Web;

/// <summary>Reads messages from JSON as protobuf defines it, more strictly than it asks for.</summary>
/// <remarks>
/// The library's own parser ends at the first problem, does not tell where it is, takes the last of several members of a name, and lets NaN and numbers that overflow in.
/// </remarks>
internal sealed class JsonMessage
{
    private const int MaxDepth = 64;

    private static readonly JsonReaderOptions Strict = new() { MaxDepth = MaxDepth };

    private readonly RequestProblems _problems;

    private JsonMessage(RequestProblems problems) => _problems = problems;

    /// <summary>Reads an object into a message.</summary>
    /// <param name="json">UTF-8. Nothing at all is an object without members.</param>
    /// <param name="message">Gets the fields.</param>
    /// <param name="taken">Fields that are given elsewhere.</param>
    /// <param name="problems">Gets what is wrong, by the fields' names in the contracts.</param>
    /// <exception cref="CallRefusedException">It is not JSON, or no object.</exception>
    public static void Read(ReadOnlySequence<byte> json, IMessage message, IReadOnlyCollection<string> taken, RequestProblems problems)
    {
        if (json.IsEmpty)
        {
            return;
        }

        var reader = new Utf8JsonReader(json, Strict);
        try
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                throw CallRefusedException.Unreadable($"The body must be a JSON object, but was {NameOf(reader.TokenType)}.");
            }

            new JsonMessage(problems).ReadMembers(ref reader, message, "", taken);

            // Nothing but white space may follow.
            reader.Read();
        }
        catch (JsonException error)
        {
            throw CallRefusedException.Unreadable($"The body cannot be read as JSON: {JsonFault.Tell(error)}");
        }
        catch (InvalidOperationException)
        {
            // What the reader has for strings that are no UTF-8, or have half a surrogate pair.
            throw CallRefusedException.Unreadable("The body cannot be read as JSON: a string in it is not valid Unicode.");
        }
    }

    private void ReadMembers(ref Utf8JsonReader reader, IMessage message, string prefix, IReadOnlyCollection<string> taken)
    {
        var seen = new HashSet<FieldDescriptor>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (Find(message.Descriptor, name) is not { } field)
            {
                _problems.Add(prefix + CallersText.Show(name, CallersText.LongestQuote), Unknown(name, message.Descriptor));
                reader.Skip();
            }
            else if (!seen.Add(field) || taken.Contains(field.Name))
            {
                _problems.Add(prefix + field.Name, taken.Contains(field.Name) ? "is in the path, and must not be in the body" : "must not be there twice");
                reader.Skip();
            }
            else if (reader.TokenType != JsonTokenType.Null)
            {
                CheckOneof(field, message, prefix);
                ReadValue(ref reader, message, field, prefix + field.Name);
            }
        }
    }

    /// <summary>The field of a name, as the contracts or as JSON has it.</summary>
    public static FieldDescriptor? Find(MessageDescriptor message, string name) =>
        message.FindFieldByName(name) ?? message.Fields.InDeclarationOrder().FirstOrDefault(field => field.JsonName == name);

    /// <summary>What to say of a name that no field has.</summary>
    public static string Unknown(string name, MessageDescriptor message)
    {
        string[] names = [.. message.Fields.InDeclarationOrder().Select(field => field.Name)];
        var nearest = NearestName.Find(name, names);
        return $"is not a field of {message.Name}" + (nearest.Count > 0 ? $" (did you mean {string.Join(" or ", nearest)}?)" : names.Length > 0 ? $", which has {string.Join(", ", names)}" : ", which has none");
    }

    private void CheckOneof(FieldDescriptor field, IMessage message, string prefix)
    {
        if (field.RealContainingOneof is { } oneof && oneof.Accessor.GetCaseFieldDescriptor(message) is { } other)
        {
            _problems.Add(prefix + field.Name, $"must not be set beside {prefix}{other.Name}");
        }
    }

    private void ReadValue(ref Utf8JsonReader reader, IMessage message, FieldDescriptor field, string path)
    {
        if (!field.IsRepeated)
        {
            if (ReadSingle(ref reader, field, path) is { } value)
            {
                field.Accessor.SetValue(message, value);
            }

            return;
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            _problems.Add(path, $"must be a list, but was {NameOf(reader.TokenType)}");
            reader.Skip();
            return;
        }

        var list = (IList)field.Accessor.GetValue(message);
        for (var i = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; i++)
        {
            if (ReadSingle(ref reader, field, $"{path}[{i}]") is { } value)
            {
                list.Add(value);
            }
        }
    }

    private object? ReadSingle(ref Utf8JsonReader reader, FieldDescriptor field, string path)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject when field.FieldType == FieldType.Message:
                var part = field.MessageType.Parser.ParseFrom(ByteString.Empty);
                ReadMembers(ref reader, part, $"{path}.", []);
                return part;
            case JsonTokenType.String when field.FieldType == FieldType.Bytes && !reader.ValueIsEscaped:
                return ReadBytes(ref reader, field, path);
            case JsonTokenType.String when field.FieldType is not (FieldType.Bool or FieldType.Message):
                return FieldText.Parse(field, reader.GetString()!, path, _problems);
            case JsonTokenType.True or JsonTokenType.False when field.FieldType == FieldType.Bool:
                return reader.GetBoolean();
            case JsonTokenType.Number when NumberOf(ref reader, field) is { } number:
                return number;
        }

        var was = reader.TokenType == JsonTokenType.Number ? CallersText.Show(TextOf(ref reader), CallersText.LongestQuote) : NameOf(reader.TokenType);
        _problems.Add(path, $"must be {FieldText.Allowed(field)}, but was {was}");
        reader.Skip();
        return null;
    }

    // A field's values are most of its body: without a text of them.
    private ByteString? ReadBytes(ref Utf8JsonReader reader, FieldDescriptor field, string path) =>
        reader.TryGetBytesFromBase64(out var bytes) ? UnsafeByteOperations.UnsafeWrap(bytes) : (ByteString?)FieldText.Parse(field, reader.GetString()!, path, _problems);

    private static object? NumberOf(ref Utf8JsonReader reader, FieldDescriptor field)
    {
        switch (field.FieldType)
        {
            case FieldType.Double:
                return reader.TryGetDouble(out var number) && double.IsFinite(number) ? number : null;
            case FieldType.Float:
                return reader.TryGetDouble(out var wide) && float.IsFinite((float)wide) ? (float)wide : null;
            case FieldType.Enum:
                return reader.TryGetInt32(out var value) ? value : null;
            case FieldType.Bool or FieldType.String or FieldType.Bytes or FieldType.Message or FieldType.Group:
                return null;
            default:
                return FieldText.IntegerOf(field.FieldType, TextOf(ref reader)) ?? (reader.TryGetDouble(out var integral) ? FieldText.IntegerOf(field.FieldType, integral) : null);
        }
    }

    private static string TextOf(ref Utf8JsonReader reader) =>
        reader.HasValueSequence ? Encoding.ASCII.GetString(reader.ValueSequence) : Encoding.ASCII.GetString(reader.ValueSpan);

    private static string NameOf(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "a list",
        JsonTokenType.String => "a text",
        JsonTokenType.Number => "a number",
        JsonTokenType.True => "true",
        JsonTokenType.False => "false",
        _ => "null",
    };
}
