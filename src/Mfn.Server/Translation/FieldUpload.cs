using Google.Protobuf;
using Mfn.Core.Specs;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Memory;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Server.Translation;

/// <summary>Fields whose shapes were declared together, and whose values come one field after the other.</summary>
internal sealed class FieldUpload(LimitsOptions limits, RequestProblems problems, MemoryReservation? memory = null)
{
    private readonly List<IncomingField> _fields = [];
    private int _next;

    /// <summary>Adds a field, with the values that came with its shape; null if there is something wrong with it.</summary>
    public IncomingField? Declare(Wire.Field? wire, string path, ParameterRange? range = null)
    {
        if (IncomingField.Declare(wire, path, limits, problems, memory, range) is not { } field)
        {
            return null;
        }

        if (!field.Append(wire!.Values.Span, problems).IsEmpty)
        {
            field.RefuseLength($"{wire.Values.Length}", problems);
        }

        _fields.Add(field);
        return field;
    }

    /// <summary>Takes values of the fields, until all are complete.</summary>
    /// <exception cref="CallRefusedException">They are wrong, too many, or too few when there are no more.</exception>
    public async Task ReceiveAsync(IAsyncEnumerable<ByteString?> parts)
    {
        await foreach (var part in parts)
        {
            if (part is null)
            {
                problems.Add("values", "must be set, in every message after the first");
            }

            var bytes = part is null ? ReadOnlySpan<byte>.Empty : part.Span;
            while (!bytes.IsEmpty && _next < _fields.Count)
            {
                bytes = _fields[_next].Append(bytes, problems);
                _next += _fields[_next].IsComplete ? 1 : 0;
            }

            if (!bytes.IsEmpty)
            {
                problems.Add("values", "must not bring more than the fields of the first message need");
            }

            problems.ThrowIfAny();
        }

        RefuseIncomplete();
        problems.ThrowIfAny();
    }

    /// <summary>Notes the fields whose values are too few.</summary>
    public void RefuseIncomplete()
    {
        foreach (var field in _fields.Where(field => !field.IsComplete))
        {
            field.RefuseLength($"{field.ReceivedByteCount}", problems);
        }
    }
}
