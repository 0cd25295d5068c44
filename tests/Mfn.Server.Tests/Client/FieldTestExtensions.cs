using Google.Protobuf;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Client;

internal static class FieldTestExtensions
{
    /// <summary>The field with other bytes.</summary>
    public static Field WithValues(this Field field, ByteString values)
    {
        var other = field.Clone();
        other.Values = values;
        return other;
    }

    public static ByteString ToByteString(this ReadOnlyMemory<byte> bytes) => ByteString.CopyFrom(bytes.Span);
}
