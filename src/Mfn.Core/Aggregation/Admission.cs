using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using Mfn.Core.Aggregation.Distances;
using Mfn.Core.Aggregation.Rules;
using Mfn.Core.Aggregation.Updates;
using Mfn.Core.Specs;

namespace Mfn.Core.Aggregation;

/// <summary>The door of a round: decides which updates count, one by one and independently of the order in which they came.</summary>
public static class Admission
{
    /// <summary>The rows of a matrix as equally weighted updates, whose client ids are the rows' numbers.</summary>
    /// <param name="rows">The updates one after another.</param>
    /// <param name="length">The number of components of an update; at least 1.</param>
    /// <exception cref="ArgumentException">The rows do not fill up, or are not finite.</exception>
    public static UpdateSet AdmitRows(ReadOnlyMemory<float> rows, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        if (rows.Length % length != 0)
        {
            throw new ArgumentException($"{rows.Length} components cannot be rows of {length}.", nameof(rows));
        }

        var count = rows.Length / length;
        var idLength = count.ToString(CultureInfo.InvariantCulture).Length;
        var updates = Enumerable.Range(0, count).Select(row => new Update(
            row.ToString(CultureInfo.InvariantCulture).PadLeft(idLength, '0'), rows.Slice(row * length, length)));
        var (admitted, excluded) = Admit(updates, new AdmissionPolicy { Length = length });
        return excluded.IsEmpty
            ? admitted
            : throw new ArgumentException($"Row {excluded[0].ClientId} {excluded[0].Description}.", nameof(rows));
    }

    private const int PieceLength = 16 * 1024;

    /// <summary>Tells the updates that satisfy the policy from the others.</summary>
    /// <exception cref="ArgumentException">The policy has problems; the message lists them all.</exception>
    public static AdmissionResult Admit(
        IEnumerable<Update> updates, AdmissionPolicy policy, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(updates);
        ArgumentNullException.ThrowIfNull(policy);
        Update[] sent = [.. updates];
        var vectors = new VectorsInMemory(Array.ConvertAll(sent, update => update.Vector), policy.Length);
        return Admit(
            [.. sent.Select(update => update.ClientId)],
            vectors,
            policy,
            index => sent[index].Vector.Length,
            index => sent[index].ClaimedWeight,
            cancellationToken);
    }

    /// <summary>
    /// Tells the vectors of a source that satisfy the policy from the others. It reads each once, in pieces; the updates that it admits
    /// stay where they are.
    /// </summary>
    /// <param name="clientIds">Who sent each of the vectors.</param>
    /// <param name="source">The vectors.</param>
    /// <param name="policy">What they must be like.</param>
    /// <param name="claimedWeights">How much each client says it counts; 1 if there are none.</param>
    /// <param name="cancellationToken">Looked at between updates.</param>
    /// <exception cref="ArgumentException">
    /// The policy has problems, and the message lists them all; or there are not as many client ids or weights as vectors.
    /// </exception>
    public static AdmissionResult Admit(
        ImmutableArray<string> clientIds,
        IUpdateSource source,
        AdmissionPolicy policy,
        ImmutableArray<double>? claimedWeights = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(policy);
        var weightCount = claimedWeights?.Length ?? source.Count;
        if (clientIds.Length != source.Count || weightCount != source.Count)
        {
            throw new ArgumentException(
                $"{source.Count} vectors need as many client ids and weights, but there are {clientIds.Length} and {weightCount}.",
                nameof(clientIds));
        }

        return Admit(clientIds, source, policy, _ => source.Length, index => claimedWeights?[index] ?? 1, cancellationToken);
    }

    private static AdmissionResult Admit(
        ImmutableArray<string> clientIds,
        IUpdateSource source,
        AdmissionPolicy policy,
        Func<int, int> lengthOf,
        Func<int, double> weightOf,
        CancellationToken cancellationToken)
    {
        policy.FindProblems().ThrowIfAny(nameof(policy));

        int[] order = [.. Enumerable.Range(0, clientIds.Length).OrderBy(index => clientIds[index], StringComparer.Ordinal)];
        var admitted = new List<int>();
        var excluded = ImmutableArray.CreateBuilder<Exclusion>();
        for (var (first, next) = (0, 0); first < order.Length; first = next)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var index = order[first];
            while (next < order.Length && clientIds[order[next]] == clientIds[index])
            {
                next++;
            }

            if (Refuse(index, next - first) is { } refusal)
            {
                excluded.AddRange(Enumerable.Repeat(refusal, next - first));
            }
            else
            {
                admitted.Add(index);
            }
        }

        var set = new UpdateSet(
            [.. admitted.Select(index => clientIds[index])],
            source,
            [.. admitted],
            [.. admitted.Select(index => policy.MaximumWeight is null ? 1 : weightOf(index))]);
        return new AdmissionResult(set, excluded.ToImmutable());

        Exclusion? Refuse(int index, int sentCount)
        {
            if (sentCount > 1)
            {
                return Refusal(ExclusionReason.DuplicateClient, $"sent {sentCount} updates");
            }

            if (lengthOf(index) != policy.Length)
            {
                return Refusal(ExclusionReason.WrongLength, $"has {lengthOf(index)} components instead of {policy.Length}");
            }

            var (component, norm) = Inspect(source, index, policy.NormCap is not null);
            if (component >= 0)
            {
                return Refusal(ExclusionReason.NotFinite, $"has a component {component} that is not finite");
            }

            if (norm > policy.NormCap)
            {
                return Refusal(
                    ExclusionReason.NormAboveCap,
                    $"has norm {ParameterRange.Format(norm)}, above {ParameterRange.Format(policy.NormCap.Value)}");
            }

            return policy.MaximumWeight is { } maximum && !(weightOf(index) > 0 && weightOf(index) <= maximum)
                ? Refusal(
                    ExclusionReason.WeightOutOfBounds,
                    $"claims weight {ParameterRange.Format(weightOf(index))}, not above 0 and at most {ParameterRange.Format(maximum)}")
                : null;

            Exclusion Refusal(ExclusionReason reason, string description) => new(clientIds[index], reason, description);
        }
    }

    /// <summary>The first component that is not finite, or -1; and if there is none and it is asked for, the norm.</summary>
    private static (int NonFinite, double Norm) Inspect(IUpdateSource source, int update, bool measuresNorm)
    {
        var buffer = source is VectorsInMemory ? [] : new float[Math.Min(PieceLength, source.Length)];
        var squared = 0.0;
        for (var start = 0; start < source.Length; start += PieceLength)
        {
            var length = Math.Min(PieceLength, source.Length - start);
            var piece = source is VectorsInMemory memory ? memory[update].Span.Slice(start, length) : Read(start, buffer.AsSpan(0, length));
            if (IndexOfNonFinite(piece) is var index and >= 0)
            {
                return (start + index, double.NaN);
            }

            squared += measuresNorm ? SquaredDistance.ToOrigin(piece) : 0;
        }

        return (-1, Math.Sqrt(squared));

        ReadOnlySpan<float> Read(int start, Span<float> destination)
        {
            source.Read(update, start, destination);
            return destination;
        }
    }

    private static int IndexOfNonFinite(ReadOnlySpan<float> vector)
    {
        // All ones in the exponent: nothing finite is as large, whatever its sign.
        var infinity = new Vector<uint>(BitConverter.SingleToUInt32Bits(float.PositiveInfinity));
        var i = 0;
        for (; i <= vector.Length - Vector<uint>.Count; i += Vector<uint>.Count)
        {
            var bits = new Vector<uint>(MemoryMarshal.Cast<float, uint>(vector[i..]));
            if (Vector.EqualsAny(bits & infinity, infinity))
            {
                break;
            }
        }

        for (; i < vector.Length; i++)
        {
            if (!float.IsFinite(vector[i]))
            {
                return i;
            }
        }

        return -1;
    }
}
