using Google.Protobuf;
using Grpc.Core;
using Mfn.Client.Uploads;
using Mfn.Contracts.V1;

namespace Mfn.Client;

/// <summary>Cuts fields into messages that a server takes, and sends them.</summary>
internal static class FieldParts
{
    // What a message needs beside the values that are in it: tags, lengths, the shape of a field.
    private const int Overhead = 128;

    /// <summary>The messages that bring a frame to StreamFeatures.</summary>
    public static IEnumerable<StreamFeaturesRequest> Of(Field frame, int maxMessageBytes) => Cut(
        frame, maxMessageBytes, whole => new StreamFeaturesRequest { Frame = whole }, values => new StreamFeaturesRequest { Values = values });

    /// <summary>A field whole if it fits into a message, otherwise first its shape and then its values in parts.</summary>
    public static IEnumerable<T> Cut<T>(Field field, int maxMessageBytes, Func<Field, T> whole, Func<ByteString, T> part)
    {
        if (field.Values.Length <= maxMessageBytes - Overhead)
        {
            yield return whole(field);
            yield break;
        }

        yield return whole(WithoutValues(field));
        foreach (var values in Cut(field.Values, maxMessageBytes))
        {
            yield return part(values);
        }
    }

    /// <summary>Values in parts, each small enough for a message.</summary>
    public static IEnumerable<ByteString> Cut(ByteString values, int maxMessageBytes)
    {
        var length = maxMessageBytes - Overhead;
        for (var start = 0; start < values.Length; start += length)
        {
            yield return UnsafeByteOperations.UnsafeWrap(values.Memory.Slice(start, Math.Min(length, values.Length - start)));
        }
    }

    /// <summary>The shape of a field.</summary>
    public static Field WithoutValues(Field field)
    {
        var shape = field.Clone();
        shape.Values = ByteString.Empty;
        return shape;
    }

    /// <summary>Sends messages until there are no more or the server refuses, and returns the answer. What the messages throw ends the call.</summary>
    /// <param name="call">The call, which <paramref name="leaving"/> cancels.</param>
    /// <param name="messages">Enumerated once, each after the one before has been sent.</param>
    /// <param name="leaving">Cancelled at the end, so that nothing is sent any more.</param>
    public static async Task<TResponse> SendAsync<TRequest, TResponse>(
        AsyncClientStreamingCall<TRequest, TResponse> call, IEnumerable<TRequest> messages, CancellationTokenSource leaving)
    {
        await using var source = new MessageSource<TRequest>(messages.ToAsyncEnumerable(), leaving.Token);
        await using var upload = new Upload<TRequest>(call.RequestStream, source, leaving);
        return await upload.ReadAsync(call.ResponseAsync);
    }
}
