using System.Collections.Immutable;
using System.Reflection.Metadata;

namespace Mfn.Server.Tests.GrpcStack;

/// <summary>
/// Writes signatures out, with full type names, so that those of two assemblies can be compared. Which assembly a type
/// is in is left out: the same .NET type may be named through System.Runtime here and through a facade there.
/// </summary>
internal sealed class SignatureText : ISignatureTypeProvider<string, object?>
{
    private const byte ValueTypeCode = 0x11;

    public static readonly SignatureText Provider = new();

    public static string Of(string name, MethodSignature<string> signature) =>
        $"{(signature.Header.IsInstance ? "" : "static ")}{signature.ReturnType} {name}"
        + $"{(signature.GenericParameterCount == 0 ? "" : $"``{signature.GenericParameterCount}")}"
        + $"({string.Join(", ", signature.ParameterTypes)})";

    public static string Of(string name, string fieldType) => $"{fieldType} {name}";

    public static string NameOf(MetadataReader reader, TypeReferenceHandle handle)
    {
        var type = reader.GetTypeReference(handle);
        var outer = type.ResolutionScope.Kind == HandleKind.TypeReference
            ? NameOf(reader, (TypeReferenceHandle)type.ResolutionScope)
            : null;
        return Join(outer, reader.GetString(type.Namespace), reader.GetString(type.Name));
    }

    public static string NameOf(MetadataReader reader, TypeDefinitionHandle handle)
    {
        var type = reader.GetTypeDefinition(handle);
        var outer = type.IsNested ? NameOf(reader, type.GetDeclaringType()) : null;
        return Join(outer, reader.GetString(type.Namespace), reader.GetString(type.Name));
    }

    public string GetArrayType(string elementType, ArrayShape shape) =>
        $"{elementType}[{new string(',', shape.Rank - 1)}]";

    public string GetByReferenceType(string elementType) => elementType + "&";

    public string GetFunctionPointerType(MethodSignature<string> signature) => "fnptr " + Of("", signature);

    public string GetGenericInstantiation(string genericType, ImmutableArray<string> typeArguments) =>
        $"{genericType}<{string.Join(", ", typeArguments)}>";

    public string GetGenericMethodParameter(object? genericContext, int index) => $"!!{index}";

    public string GetGenericTypeParameter(object? genericContext, int index) => $"!{index}";

    public string GetModifiedType(string modifier, string unmodifiedType, bool isRequired) =>
        $"{unmodifiedType} {(isRequired ? "modreq" : "modopt")}({modifier})";

    public string GetPinnedType(string elementType) => elementType + " pinned";

    public string GetPointerType(string elementType) => elementType + "*";

    public string GetPrimitiveType(PrimitiveTypeCode typeCode) => typeCode.ToString();

    public string GetSZArrayType(string elementType) => elementType + "[]";

    public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) =>
        Kind(rawTypeKind) + NameOf(reader, handle);

    public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) =>
        Kind(rawTypeKind) + NameOf(reader, handle);

    public string GetTypeFromSpecification(
        MetadataReader reader,
        object? genericContext,
        TypeSpecificationHandle handle,
        byte rawTypeKind) => reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

    private static string Kind(byte rawTypeKind) => rawTypeKind == ValueTypeCode ? "struct " : "";

    private static string Join(string? outer, string space, string name) =>
        outer is not null ? $"{outer}+{name}" : space.Length == 0 ? name : $"{space}.{name}";
}
