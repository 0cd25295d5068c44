using System.Collections;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Mfn.Server.Tests.Web;

/// <summary>Random messages of any type: with few fields, of values that are often allowed and sometimes not.</summary>
internal static class RandomMessage
{
    private const int MaxDepth = 4;

    // Not -0: the library writes it as what need not be written.
    private static readonly double[] Numbers = [0, 0.05, 0.1, 0.25, 0.5, 1, 2, 10, 37, -1, 1e-3, 1e9, 0.1 + 0.2, double.MaxValue, double.Epsilon];
    private static readonly int[] Integers = [0, 1, 2, 3, 4, 5, 8, 8, 16, 16, -1, 17, int.MaxValue];
    private static readonly string[] Texts = ["", "u", "v", "potential", "a-name", "1", "ä\"\\\n\u2028\u0001", new string('x', 200)];

    public static IMessage Draw(MessageDescriptor type, Random random, int depth = 0)
    {
        var message = type.Parser.ParseFrom(ByteString.Empty);
        foreach (var field in type.Fields.InDeclarationOrder())
        {
            if (random.Next(depth == 0 ? 2 : 3) > 0 || (field.RealContainingOneof is { } oneof && oneof.Accessor.GetCaseFieldDescriptor(message) is not null))
            {
                continue;
            }

            if (field.FieldType == FieldType.Message && depth == MaxDepth)
            {
                continue;
            }

            if (field.IsRepeated)
            {
                var list = (IList)field.Accessor.GetValue(message);
                for (var count = random.Next(4); count > 0; count--)
                {
                    list.Add(Value(field, random, depth));
                }
            }
            else
            {
                field.Accessor.SetValue(message, Value(field, random, depth));
            }
        }

        return message;
    }

    private static object Value(FieldDescriptor field, Random random, int depth) => field.FieldType switch
    {
        FieldType.Double => Pick(Numbers, random),
        FieldType.Float => (float)Pick(Numbers[..10], random),
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => Pick(Integers, random),
        FieldType.UInt32 or FieldType.Fixed32 => (uint)Math.Abs(Pick(Integers, random)),
        FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => random.Next(4) > 0 ? Pick(Integers, random) : random.NextInt64(long.MinValue, long.MaxValue),
        FieldType.UInt64 or FieldType.Fixed64 => (ulong)random.NextInt64(),
        FieldType.Bool => random.Next(2) == 0,
        FieldType.String => Pick(Texts, random),
        FieldType.Bytes => ByteString.CopyFrom(Bytes(random)),
        FieldType.Enum => Pick([.. field.EnumType.Values.Select(value => value.Number), 99], random),
        FieldType.Message => Draw(field.MessageType, random, depth + 1),
        _ => throw new NotSupportedException(field.FieldType.ToString()),
    };

    private static byte[] Bytes(Random random)
    {
        var bytes = new byte[Pick([0, 1, 7, 8, 32, 128, 512, 2048], random)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static T Pick<T>(IReadOnlyList<T> values, Random random) => values[random.Next(values.Count)];
}
