using System.Buffers;
using System.Collections;
using System.Globalization;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Google.Protobuf;
using Mfn.Contracts.V1;
using Mfn.Server.Calls;

namespace Mfn.Server.Web;

/// <summary>Makes of a file the messages of a method that takes many: the first with what the query says and the file's shape, then the bytes as they come.</summary>
internal static class Uploads
{
    private const int MostPartBytes = 64 * 1024;

    // What queries begin with, and what they leave to the file there.
    private static readonly string[] Addressed = ["spec", "start"];
    private static readonly string[] Told = ["spec.encoding", "spec.length", "start.field", "start.initial_fields"];

    /// <summary>The messages, as the call takes them.</summary>
    /// <param name="first">What the query says.</param>
    /// <param name="body">The file.</param>
    /// <param name="mostMessageBytes">The largest message that the server takes.</param>
    /// <param name="cancellationToken">Of the request.</param>
    /// <exception cref="CallRefusedException">The file is not one that the method can take.</exception>
    public static async IAsyncEnumerable<IMessage> ReadAsync(IMessage first, PipeReader body, int mostMessageBytes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        LeaveToFile(first);

        // The rest of a message is small.
        var partBytes = Math.Min(MostPartBytes, mostMessageBytes / 2);
        if (first is ImportRunRequest import)
        {
            import.Start ??= new ImportRunStart();
            yield return import;
            await foreach (var part in ReadPartsAsync(body, long.MaxValue, partBytes, cancellationToken))
            {
                yield return new ImportRunRequest { Chunk = part };
            }

            yield break;
        }

        var header = await NpyHeader.ReadAsync(body, cancellationToken);
        var array = Describe(first, header);
        yield return first;
        var sent = 0L;
        for (var slab = 0; slab < array.Count; slab++)
        {
            if (array.Begin?.Invoke(slab) is { } begin)
            {
                yield return begin;
            }

            var slabEnd = sent + array.Bytes;
            await foreach (var part in ReadPartsAsync(body, array.Bytes, partBytes, cancellationToken))
            {
                sent += part.Length;
                yield return array.Part(slab, part);
            }

            if (sent < slabEnd)
            {
                throw CallRefusedException.Unreadable($"The array must have {array.Count * array.Bytes} bytes of cells, as its shape says, but ends after {sent}.");
            }
        }

        var rest = await body.ReadAsync(cancellationToken);
        body.AdvanceTo(rest.Buffer.End);
        if (!rest.Buffer.IsEmpty)
        {
            throw CallRefusedException.Unreadable($"The array must have {array.Count * array.Bytes} bytes of cells, as its shape says, but more follow.");
        }
    }

    private static async IAsyncEnumerable<ByteString> ReadPartsAsync(PipeReader body, long count, int partBytes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (count > 0)
        {
            var read = await body.ReadAsync(cancellationToken);
            var part = read.Buffer.Slice(0, Math.Min(Math.Min(read.Buffer.Length, count), partBytes));
            if (part.IsEmpty && read.IsCompleted)
            {
                body.AdvanceTo(read.Buffer.Start);
                yield break;
            }

            var bytes = UnsafeByteOperations.UnsafeWrap(part.ToArray());
            body.AdvanceTo(part.End);
            count -= bytes.Length;
            if (!bytes.IsEmpty)
            {
                yield return bytes;
            }
        }
    }

    /// <summary>Whether a file says itself what a query would say by this path.</summary>
    public static bool IsToldByFile(string path) => Told.Contains(path) || (!path.Contains('.') && !Addressed.Contains(path));

    // One of the two would be passed over.
    private static void LeaveToFile(IMessage first)
    {
        var problems = new RequestProblems();
        foreach (var path in first.Descriptor.Fields.InDeclarationOrder().Select(field => field.Name).Concat(Told).Where(IsToldByFile).Where(path => IsSet(first, path.Split('.'))))
        {
            problems.Add(path, "is told by the file, and must not be in the query");
        }

        problems.ThrowIfAny();
    }

    private static bool IsSet(IMessage message, ReadOnlySpan<string> path)
    {
        if (message.Descriptor.FindFieldByName(path[0]) is not { } field || field.Accessor.GetValue(message) is not { } value)
        {
            return false;
        }

        return path.Length > 1 ? value is IMessage part && IsSet(part, path[1..])
            : field.HasPresence ? field.Accessor.HasValue(message)
            : value is ICollection list ? list.Count > 0 : Convert.ToInt64(value, CultureInfo.InvariantCulture) != 0;
    }

    private static Slabs Describe(IMessage first, NpyHeader header)
    {
        switch (first)
        {
            case ComputeBoxCountingDimensionStreamRequest request:
                request.Start ??= new ComputeBoxCountingDimensionRequest();
                request.Start.Field = FieldOf(header, Require(header, 2));
                return new Slabs(1, request.Start.Field, null, (_, values) => new ComputeBoxCountingDimensionStreamRequest { Values = values });
            case ComputeHistoryStabilityStreamRequest request:
                request.Start ??= new ComputeHistoryStabilityStreamStart();
                return Frames(header, frame => new ComputeHistoryStabilityStreamRequest { Frame = frame }, values => new ComputeHistoryStabilityStreamRequest { Values = values });
            case StreamFeaturesRequest request:
                request.Start ??= new StreamFeaturesStart();
                return Frames(header, frame => new StreamFeaturesRequest { Frame = frame }, values => new StreamFeaturesRequest { Values = values });
            case CreateRunStreamRequest request:
                return DescribeInitialFields(request, header);
            case AggregateStreamRequest request:
                return DescribeUpdates(request, header);
            default:
                throw new InvalidOperationException($"{first.Descriptor.FullName} takes no file.");
        }
    }

    private static Slabs Frames(NpyHeader header, Func<Field, IMessage> begin, Func<ByteString, IMessage> part)
    {
        var frame = FieldOf(header, Require(header, 2, 3));
        return new Slabs(CountOf(header), frame, _ => begin(frame), (_, values) => part(values));
    }

    /// <summary>One field is the potential, several are the species.</summary>
    private static Slabs DescribeInitialFields(CreateRunStreamRequest request, NpyHeader header)
    {
        var field = FieldOf(header, Require(header, 2, 3));
        request.Start ??= new CreateRunRequest();
        request.Start.InitialFields ??= new InitialFields();
        if (header.Shape.Count == 2)
        {
            request.Start.InitialFields.Potential = field;
        }
        else
        {
            request.Start.InitialFields.Species.AddRange(Enumerable.Range(0, CountOf(header)).Select(_ => field.Clone()));
        }

        return new Slabs(CountOf(header), field, null, (_, values) => new CreateRunStreamRequest { Values = values });
    }

    /// <summary>A row is an update, of the client of its number.</summary>
    private static Slabs DescribeUpdates(AggregateStreamRequest request, NpyHeader header)
    {
        var shape = Require(header, 2);
        request.Spec ??= new AggregationSpec();
        (request.Spec.Length, request.Spec.Encoding) = (shape[1], header.CellBytes == sizeof(float) ? VectorEncoding.Float32 : VectorEncoding.Float64);
        request.UpdateCount = shape[0];

        // The order of the ids decides ties: it is that of the rows.
        var digits = (shape[0] - 1).ToString(CultureInfo.InvariantCulture).Length;
        return new Slabs(
            shape[0],
            (long)shape[1] * header.CellBytes,
            row => new AggregateStreamRequest { Declarations = { new UpdateDeclaration { ClientId = IdOf(row), Length = shape[1] } } },
            (row, values) => new AggregateStreamRequest { Chunks = { new UpdateChunk { ClientId = IdOf(row), Values = values } } });

        string IdOf(int row) => row.ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0');
    }

    private static IReadOnlyList<int> Require(NpyHeader header, params ReadOnlySpan<int> axes) =>
        axes.Contains(header.Shape.Count)
            ? header.Shape
            : throw CallRefusedException.Unreadable($"The array must have {(axes.Length == 1 ? $"{axes[0]}" : $"{axes[0]} or {axes[1]}")} axes, but has the shape ({string.Join(", ", header.Shape)}).");

    private static int CountOf(NpyHeader header) => header.Shape.Count == 3 ? header.Shape[0] : 1;

    private static Field FieldOf(NpyHeader header, IReadOnlyList<int> shape) => new()
    {
        Rows = shape[^2],
        Columns = shape[^1],
        Encoding = header.CellBytes == sizeof(float) ? FieldEncoding.Float32 : FieldEncoding.Float64,
    };

    /// <summary>An array as a call takes it: parts of one size, one after the other.</summary>
    /// <param name="Count">How many there are.</param>
    /// <param name="Bytes">How many bytes each has.</param>
    /// <param name="Begin">The message before each; null if there is none.</param>
    /// <param name="Part">The message with some of the bytes.</param>
    private sealed record Slabs(int Count, long Bytes, Func<int, IMessage>? Begin, Func<int, ByteString, IMessage> Part)
    {
        public Slabs(int count, Field field, Func<int, IMessage>? begin, Func<int, ByteString, IMessage> part)
            : this(count, (long)field.Rows * field.Columns * (field.Encoding == FieldEncoding.Float32 ? sizeof(float) : sizeof(double)), begin, part)
        {
        }
    }
}
