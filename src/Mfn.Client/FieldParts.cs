using Google.Protobuf;
using Grpc.Core;
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
    public static async Task<TResponse> SendAsync<TRequest, TResponse>(
        AsyncClientStreamingCall<TRequest, TResponse> call, IEnumerable<TRequest> messages, CancellationToken cancellationToken)
    {
        var response = call.ResponseAsync;
        foreach (var message in messages)
        {
            // A server that refuses half way takes no more of it, and says why in the response.
            var writing = call.RequestStream.WriteAsync(message, cancellationToken);
            if (await Task.WhenAny(writing, response) == response || writing.IsFaulted)
            {
                return await response;
            }
        }

        await call.RequestStream.CompleteAsync().WaitAsync(cancellationToken);
        return await response;
    }
}
