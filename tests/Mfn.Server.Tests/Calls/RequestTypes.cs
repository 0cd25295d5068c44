using System.Collections;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Calls;

/// <summary>The methods that the server has, as their contracts say, and the texts in their requests.</summary>
internal static class RequestTypes
{
    public static IReadOnlyList<MethodDescriptor> Methods { get; } =
    [
        .. new[]
        {
            AggregationServiceReflection.Descriptor, FeatureServiceReflection.Descriptor, FractalServiceReflection.Descriptor,
            MembraneServiceReflection.Descriptor, RunServiceReflection.Descriptor, SimulationServiceReflection.Descriptor,
            ValidationServiceReflection.Descriptor, Grpc.Health.V1.HealthReflection.Descriptor, Grpc.Reflection.V1.ReflectionReflection.Descriptor,
            Grpc.Reflection.V1Alpha.ReflectionReflection.Descriptor,
        }.SelectMany(file => file.Services).SelectMany(service => service.Methods),
    ];

    public static string PathOf(MethodDescriptor method) => $"/{method.Service.FullName}/{method.Name}";

    /// <summary>The fields of text from a message down to each string and bytes.</summary>
    public static IEnumerable<FieldDescriptor[]> TextsOf(MessageDescriptor message) => message.Fields.InDeclarationOrder().SelectMany(field => field.FieldType switch
    {
        FieldType.String or FieldType.Bytes => [[field]],
        FieldType.Message => TextsOf(field.MessageType).Select(rest => (FieldDescriptor[])[field, .. rest]),
        _ => (IEnumerable<FieldDescriptor[]>)[],
    });

    /// <summary>A message that has nothing but one text.</summary>
    public static IMessage With(MessageDescriptor type, ReadOnlySpan<FieldDescriptor> path, string text)
    {
        var message = type.Parser.ParseFrom(ByteString.Empty);
        var field = path[0];
        object value = field.FieldType switch
        {
            FieldType.String => text,
            FieldType.Bytes => ByteString.CopyFromUtf8(text),
            _ => With(field.MessageType, path[1..], text),
        };
        if (field.IsRepeated)
        {
            ((IList)field.Accessor.GetValue(message)).Add(value);
        }
        else
        {
            field.Accessor.SetValue(message, value);
        }

        return message;
    }

    /// <summary>The path as the server names it.</summary>
    public static string NameOf(IEnumerable<FieldDescriptor> path) => string.Join('.', path.Select(field => field.IsRepeated ? $"{field.Name}[0]" : field.Name));
}
