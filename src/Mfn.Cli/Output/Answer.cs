using System.Text;
using System.Text.Json;

namespace Mfn.Cli.Output;

/// <summary>Where a command's answer goes: standard output has nothing else on it. What is said beside it goes to standard error.</summary>
internal sealed class Answer(TextWriter output, TextWriter error, OutputFormat format, bool isQuiet, bool isVerbose)
{
    /// <summary>Whether a program reads the answer.</summary>
    public bool IsJson => format is OutputFormat.Json or OutputFormat.JsonLines;

    /// <summary>Whether tables have all their columns.</summary>
    public bool IsWide => format == OutputFormat.Wide;

    /// <summary>Whether nothing is to be said beside the answer.</summary>
    public bool IsQuiet => isQuiet;

    /// <summary>Whether what is called is told.</summary>
    public bool IsVerbose => isVerbose;

    /// <summary>Standard output.</summary>
    public TextWriter Output => output;

    /// <summary>Standard error.</summary>
    public TextWriter Error => error;

    /// <summary>The answer is one thing.</summary>
    public void Write(JsonRecord record, Action<TextWriter> writeText)
    {
        if (IsJson)
        {
            WriteJson(record.WriteTo);
        }
        else
        {
            writeText(output);
        }
    }

    /// <summary>The answer is one thing that a line tells.</summary>
    public void Write(JsonRecord record, string text) => Write(record, writer => writer.WriteLine(text));

    /// <summary>The answer is one thing with a table of facts: name and value.</summary>
    public void Write(JsonRecord record, params IEnumerable<(string Name, string Value)> facts) => Write(record, writer =>
    {
        var lines = facts.ToArray();
        var width = lines.Max(line => line.Name.Length);
        foreach (var (name, value) in lines)
        {
            writer.WriteLine($"{name.PadRight(width)}  {value}".TrimEnd());
        }
    });

    /// <summary>The answer is a list: a table, an array, or an object a line.</summary>
    public void WriteList<T>(IReadOnlyList<T> items, Func<T, JsonRecord> toJson, params IReadOnlyList<TextColumn<T>> columns)
    {
        switch (format)
        {
            case OutputFormat.Json:
                WriteJson(json =>
                {
                    json.WriteStartArray();
                    foreach (var item in items)
                    {
                        toJson(item).WriteTo(json);
                    }

                    json.WriteEndArray();
                });
                break;
            case OutputFormat.JsonLines:
                foreach (var item in items)
                {
                    WriteJson(toJson(item).WriteTo);
                }

                break;
            default:
                TextTable.Write(output, items, columns, IsWide);
                break;
        }
    }

    /// <summary>
    /// The answer is one thing for each name that was given: for one name the thing, for several a list.
    /// </summary>
    public void WriteEach<T>(IReadOnlyList<T> items, bool isList, Func<T, JsonRecord> toJson, Action<TextWriter> writeText)
    {
        if (!IsJson)
        {
            writeText(output);
        }
        else if (isList || format == OutputFormat.JsonLines)
        {
            WriteList(items, toJson);
        }
        else
        {
            WriteJson(toJson(items[0]).WriteTo);
        }
    }

    /// <summary>A part of an answer that has no end: an object a line in either form of JSON, else a line.</summary>
    public void WriteEvent(Func<JsonRecord> toJson, Func<string> toLine)
    {
        if (IsJson)
        {
            WriteJson(toJson().WriteTo);
        }
        else
        {
            output.WriteLine(toLine());
        }
    }

    /// <summary>Says something beside the answer, such as where a file was written, unless nothing is to be said.</summary>
    public void Note(string text)
    {
        if (!isQuiet)
        {
            error.WriteLine(text);
        }
    }

    /// <summary>Tells what the command does, if that is wanted.</summary>
    public void Trace(string text)
    {
        if (isVerbose)
        {
            error.WriteLine($"mfn: {text}");
        }
    }

    private void WriteJson(Action<Utf8JsonWriter> write)
    {
        using var stream = new TextWriterStream(output);
        using (var json = new Utf8JsonWriter(stream, JsonRecord.WriterOptions))
        {
            write(json);
        }

        output.WriteLine();
    }

    // An answer may be longer than memory should hold twice.
    private sealed class TextWriterStream(TextWriter writer) : WriteOnlyStream
    {
        private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            var characters = new char[buffer.Length + 1];
            var count = _decoder.GetChars(buffer, characters, flush: false);
            writer.Write(characters, 0, count);
        }

        public override void Flush()
        {
            // The writer decides.
        }
    }
}
