using Mono.Cecil;
using Mono.Cecil.Rocks;

namespace Mfn.Server.Tests.Architecture;

/// <summary>What the types of an assembly name: in signatures, attributes and bodies. Constants and <c>nameof</c> leave no trace.</summary>
internal static class CodeReferences
{
    /// <summary>All types of an assembly, each with the types that it names. Nested and generated ones count as the type that they are in.</summary>
    public static IEnumerable<(TypeReference From, TypeReference To)> In(string path)
    {
        using var module = ModuleDefinition.ReadModule(path);
        foreach (var type in module.GetAllTypes())
        {
            foreach (var named in NamedBy(type).SelectMany(Parts))
            {
                yield return (Outermost(type), Outermost(named));
            }
        }
    }

    /// <summary>The assemblies that an assembly uses.</summary>
    public static IReadOnlyList<string> AssembliesOf(string path)
    {
        using var module = ModuleDefinition.ReadModule(path);
        return [.. module.AssemblyReferences.Select(reference => reference.Name)];
    }

    private static IEnumerable<TypeReference?> NamedBy(TypeDefinition type)
    {
        yield return type.BaseType;
        foreach (var named in type.Interfaces.Select(each => each.InterfaceType)
            .Concat(Attributes(type))
            .Concat(Constraints(type))
            .Concat(type.Fields.SelectMany(field => Attributes(field).Append(field.FieldType)))
            .Concat(type.Properties.SelectMany(Attributes))
            .Concat(type.Methods.SelectMany(NamedBy)))
        {
            yield return named;
        }
    }

    private static IEnumerable<TypeReference> NamedBy(MethodDefinition method)
    {
        var signature = Attributes(method).Concat(Constraints(method)).Concat(Signature(method));
        return method.HasBody
            ? signature
                .Concat(method.Body.Variables.Select(variable => variable.VariableType))
                .Concat(method.Body.ExceptionHandlers.Select(handler => handler.CatchType))
                .Concat(method.Body.Instructions.SelectMany(instruction => NamedBy(instruction.Operand)))
            : signature;
    }

    private static IEnumerable<TypeReference> NamedBy(object? operand) => operand switch
    {
        TypeReference type => [type],
        FieldReference field => [field.DeclaringType, field.FieldType],
        GenericInstanceMethod method => [.. method.GenericArguments, method.DeclaringType, .. Signature(method)],
        MethodReference method => [method.DeclaringType, .. Signature(method)],
        _ => [],
    };

    private static IEnumerable<TypeReference> Signature(MethodReference method) =>
        method.Parameters.Select(parameter => parameter.ParameterType).Append(method.ReturnType);

    private static IEnumerable<TypeReference> Attributes(ICustomAttributeProvider provider) =>
        provider.CustomAttributes.Select(attribute => attribute.AttributeType);

    private static IEnumerable<TypeReference> Constraints(IGenericParameterProvider provider) =>
        provider.GenericParameters.SelectMany(parameter => parameter.Constraints).Select(constraint => constraint.ConstraintType);

    private static IEnumerable<TypeReference> Parts(TypeReference? type) => type switch
    {
        null or GenericParameter => [],
        GenericInstanceType generic => generic.GenericArguments.SelectMany(Parts).Append(generic.ElementType),
        TypeSpecification wrapper => Parts(wrapper.ElementType),
        _ => [type],
    };

    private static TypeReference Outermost(TypeReference type)
    {
        while (type.DeclaringType is { } outer)
        {
            type = outer;
        }

        return type;
    }
}
